"""What a class lets a claim do. The operator is the authority; an admission policy may say the same earlier."""

from collections.abc import Iterator

from fargateclaims.api.claim import ExistingProfilePolicy, FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass, NamespacesFrom, ProfileNamePolicy, SelectorNamespacesFrom
from fargateclaims.domain.facts import Namespace
from fargateclaims.domain.labels import matches
from fargateclaims.domain.patterns import within


def violations(claim: FargateProfileClaim, cls: FargateProfileClass, namespace: Namespace | None) -> tuple[str, ...]:
    """What the class does not allow this claim, a sentence each that names the field; empty if all is allowed.

    :param namespace: the claim's; None while it has not been seen: then nothing is said of it.
    """
    return (*_namespace(claim, cls, namespace), *_selectors(claim, cls), *_profile_name(claim, cls), *_tags(claim, cls))


def depends_on_labels(cls: FargateProfileClass) -> bool:
    """Whether the labels of a namespace decide if the class takes claims from it."""
    return cls.spec.claims.namespaces.from_ is NamespacesFrom.SELECTOR


def _namespace(claim: FargateProfileClaim, cls: FargateProfileClass, namespace: Namespace | None) -> Iterator[str]:
    rule = cls.spec.claims.namespaces
    if namespace is None or not depends_on_labels(cls):
        return
    if rule.selector is not None and not matches(rule.selector, namespace.labels):
        yield (
            f'metadata.namespace: class "{cls.metadata.name}" does not take claims from namespace "{claim.metadata.namespace}": '
            "the namespace's labels do not match the class's spec.claims.namespaces.selector"
        )


def _selectors(claim: FargateProfileClaim, cls: FargateProfileClass) -> Iterator[str]:
    rule, own = cls.spec.claims.selector_namespaces, claim.metadata.namespace or ""
    for index, selector in enumerate(claim.spec.selectors):
        asked = selector.namespace or own
        where = f"spec.selectors[{index}].namespace"
        if rule.from_ is SelectorNamespacesFrom.OWN and asked != own:
            yield f'{where}: class "{cls.metadata.name}" lets namespace "{own}" select only itself; "{asked}" was asked for'
        elif rule.from_ is SelectorNamespacesFrom.LISTED:
            patterns = [pattern.replace("{namespace}", own) for pattern in rule.patterns or ()]
            if not any(within(asked, pattern) for pattern in patterns):
                listed = ", ".join(f'"{pattern}"' for pattern in patterns)
                yield f'{where}: class "{cls.metadata.name}" lets namespace "{own}" select only {listed}; "{asked}" was asked for'


def _profile_name(claim: FargateProfileClaim, cls: FargateProfileClass) -> Iterator[str]:
    rules, name = cls.spec.claims, cls.metadata.name
    if claim.spec.profile_name is not None and rules.profile_names is ProfileNamePolicy.GENERATED:
        yield f'spec.profileName: class "{name}" names profiles itself; remove the field'
    if (
        claim.spec.existing_profile is ExistingProfilePolicy.ADOPT_IF_IDENTICAL
        and rules.existing_profiles is not ExistingProfilePolicy.ADOPT_IF_IDENTICAL
    ):
        yield f'spec.existingProfile: class "{name}" does not let claims adopt existing profiles; remove the field'


def _tags(claim: FargateProfileClaim, cls: FargateProfileClass) -> Iterator[str]:
    allowed = cls.spec.claims.tag_keys
    if allowed is None:
        return
    for key in sorted(set(claim.spec.tags) - set(allowed)):
        listed = ", ".join(sorted(allowed)) or "none"
        yield f'spec.tags: class "{cls.metadata.name}" does not let claims set the tag "{key}" (allowed: {listed})'
