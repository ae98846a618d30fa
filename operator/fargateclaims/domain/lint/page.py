"""docs/lint.md: what lint does and how, and a table of its rules. `make docs-tables` writes it."""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.admission import LABEL, WARN
from fargateclaims.domain.lint.ignores import ANNOTATION
from fargateclaims.domain.lint.registry import RULES
from fargateclaims.domain.lint.rule import Rule, Severity

COLUMNS: Final = ("Rule", "Severity", "What it finds", "Why", "What to do", "Guide", "Policy")

INTRODUCTION: Final = f"""\
<!-- Generated from operator/fargateclaims/domain/lint/ by `make docs-tables`. -->
# Lint: what does not run on Fargate

`kubectl fargate lint` finds what cannot run on EKS Fargate, or hurts there, before it is applied. It reads manifests, needs no cluster
for that, and says for each finding where it stands and what to do.

```
kubectl fargate lint -f deploy/                         # a folder: all *.yaml, *.yml and *.json below it
helm template shop ./chart | kubectl fargate lint -f -  # what Helm renders; its `# Source:` comments say where
kubectl kustomize overlays/prod | kubectl fargate lint -f -
kubectl fargate lint -n shop                            # what is in a namespace of the cluster, with your own rights; -A for all
```

All objects of one run are seen together: a PodDisruptionBudget, StorageClass, Ingress, IngressClass or autoscaler in another file
counts. What has no `kind` (a chart's values) and kinds that no rule is about are passed over. Lint takes it that the pods are to run on
Fargate: for a workload that stays on EC2 nodes, leave its files out, or ignore the rules.

Patches for Kustomize are no errors: a workload in a file that has no selector, no containers, or a container without an image, and all
in a file that a kustomization of the same run names in `patches` or `patchesStrategicMerge`. No rule judges them but FG003, which says
what to check instead: what comes out of `kubectl kustomize`. What comes through standard input or out of a cluster is never taken for
a patch.

DaemonSets that serve EC2 nodes alone are not reported: those that EKS and its drivers bring, and all that keep away from Fargate by a
required node affinity `eks.amazonaws.com/compute-type NotIn [fargate]`, or by a node selector that no Fargate node satisfies.

## Options
| Option | What it does |
| --- | --- |
| `-f`, `--filename` | a file, a folder, or `-` for standard input; files can also be named without it |
| `-n`, `--namespace`; `-A`, `--all-namespaces` | look into the cluster instead; `--context` and `--kubeconfig` as for kubectl |
| `-o`, `--output` | `text`, `json`, `sarif` (2.1.0) or `github` (annotations in a workflow's log) |
| `--select`, `--ignore` | only these rules, or not these: ids with commas between them, or how they begin (`FG1` is FG101 to FG199) |
| `--severity` | the mildest that is reported: `error`, `warning` or `info` (the default) |
| `--fail-on` | from which severity on the exit code is 1: `error` (the default), `warning`, `info` or `never` |
| `--docs-url` | where this page is published, for the links in SARIF; also `FARGATE_LINT_DOCS_URL` |

Exit codes: 0 when nothing as severe as `--fail-on` was found, 1 when it was, 2 when the command line is wrong or something could not be
read (all else is reported first), 74 when the report cannot be written. A folder without any manifest and an empty standard input count
as unreadable: the path may be misspelt, or the command before the pipe may have failed. Files without Kubernetes objects do not.

## To ignore a finding
In a manifest, by a comment on the finding's line, alone on the line above it, or above the first line of a document, for all of it:

```yaml
hostNetwork: true # fargate-lint: ignore=FG104 runs on EC2 nodes
```

In a manifest or in the cluster, by an annotation of the object or of its pod template:

```yaml
metadata:
  annotations:
    {ANNOTATION}: FG102,FG106 runs on EC2 nodes
```

An ignore that hides nothing is reported as FG004.

## In a pipeline
For [pre-commit](https://pre-commit.com), with this repository's own hook. It sees the changed files alone: rules that compare objects
know no others, so `--fail-on error` (the default) is right there.

```yaml
repos:
  - repo: https://git.example.com/platform/fargateclaims
    rev: main
    hooks:
      - id: fargate-lint
        files: ^deploy/
```

On GitHub, `-o github` shows findings beside the lines of a pull request; `-o sarif` is for code scanning.

## At apply
`kubectl apply -k deploy/admission` installs the same rules, as far as the API server can tell them (column Policy), as
ValidatingAdmissionPolicies that only warn. They look at namespaces with a label:

```
kubectl label namespace shop {LABEL}={WARN}
```

kubectl then shows a warning for each finding, and applies the object. The annotation above switches rules off for an object. They need
a real API server, of Kubernetes 1.30 or newer: that of `fargateclaims simulate kube` has no admission policies. `partly` is for rules that
also look at other objects, which a policy cannot.

## What no rule finds
Limits of open files and processes are 1024 (soft) and 65535 (hard) on Fargate; a manifest does not say whether that is enough.

## Rules
Errors cannot run on Fargate, or do not do there what they are for. Warnings run, but cost, wait or stop when they need not. Infos are
worth knowing, and often right as they are. Guide: the rows of [AWS's guides](from-the-guides.md) that say so.

"""


def rows() -> Iterator[tuple[str, ...]]:
    """One row a rule."""
    for rule in RULES:
        cells = (rule.title, rule.why, rule.advice, ", ".join(rule.sources) or "none", _policy(rule))
        yield (f'<a id="{rule.id.lower()}"></a>{rule.id}', _SEVERITIES[rule.severity], *(_plain(cell) for cell in cells))


_SEVERITIES: Final = {Severity.ERROR: "**error**", Severity.WARNING: "warning", Severity.INFO: "info"}


def _policy(rule: Rule) -> str:
    return "no" if not rule.expressions else "yes" if rule.whole else "partly"


def _plain(text: str) -> str:
    """Without anything that Markdown would take for markup."""
    return text.replace("*", "\\*").replace("<", "&lt;")
