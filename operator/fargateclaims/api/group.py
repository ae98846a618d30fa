"""The names by which the API is known to Kubernetes and to AWS: group, kinds, finalizers, annotations, tag keys."""

from typing import Final

GROUP: Final = "fargateclaims.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

CLAIM_KIND: Final = "FargateProfileClaim"
CLAIM_PLURAL: Final = "fargateprofileclaims"
CLAIM_SINGULAR: Final = "fargateprofileclaim"
CLAIM_SHORT_NAME: Final = "fpc"

CLASS_KIND: Final = "FargateProfileClass"
CLASS_PLURAL: Final = "fargateprofileclasses"
CLASS_SINGULAR: Final = "fargateprofileclass"
CLASS_SHORT_NAME: Final = "fpclass"

# Not `all`: `kubectl delete all --all` must not delete profiles.
CATEGORY: Final = "fargate"

FINALIZER: Final = f"{GROUP}/profile"
CLASS_FINALIZER: Final = f"{GROUP}/claims"

PAUSED: Final = f"{GROUP}/paused"
RETRY: Final = f"{GROUP}/retry"

TAG_PREFIX: Final = f"{GROUP}/"
TAG_INSTALLATION: Final = f"{TAG_PREFIX}installation"
TAG_NAMESPACE: Final = f"{TAG_PREFIX}namespace"
TAG_NAME: Final = f"{TAG_PREFIX}name"
TAG_CLASS: Final = f"{TAG_PREFIX}class"
