"""What lint has to say, and where it stands."""

from dataclasses import dataclass

from fargateclaims.domain.lint.rule import Path, Rule, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule.

    :param what: what is there.
    :param file: `-` for standard input; empty for an object out of a cluster.
    :param line: counted from 1; None if it is not known.
    :param object: kind, namespace and name; empty if there is no object.
    :param path: from the document's root.
    :param source: the chart's template that Helm says it was rendered from; empty if it does not.
    """

    rule: Rule
    what: str
    file: str = ""
    line: int | None = None
    object: str = ""
    path: Path = ()
    source: str = ""

    @property
    def severity(self) -> Severity:
        """The rule's."""
        return self.rule.severity

    @property
    def message(self) -> str:
        """What is there, and what to do."""
        return f"{self.what}: {self.rule.advice}"

    @property
    def sentence(self) -> str:
        """The message, with the object that it is about."""
        return f"{self.object}: {self.message}" if self.object else self.message

    @property
    def json_path(self) -> str:
        """The path as kubectl and JSONPath write it: `spec.template.spec.containers[0].name`."""
        return json_path(self.path)


def json_path(path: Path) -> str:
    """Keys that are no plain names stand in brackets and quotes."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" if step.replace("_", "a").isalnum() else f"['{step}']" for step in path]
    return "".join(parts).removeprefix(".")
