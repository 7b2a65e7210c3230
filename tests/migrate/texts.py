"""Controllers as people write them: block, flow, JSON, a `kubectl get`, several documents."""

BLOCK = """\
# The profile controller.
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController  # for now
metadata:
  name: profiles
  labels: {team: "kfp"}
spec:
  generateSelector: true
  resyncPeriodSeconds: 3600  # an hour
  # whose objects these are
  parentResource:
    apiVersion: v1
    resource: namespaces   # core
  childResources:
  - apiVersion: v1
    resource: secrets
    updateStrategy:
      method: OnDelete
  # in place, for the pods' sake
  - apiVersion: apps/v1
    resource: deployments
    updateStrategy: {method: InPlace}
  hooks:
    sync:
      webhook:
        url: "http://profiles/sync"  # the hook
"""

BLOCK_CONVERTED = """\
# The profile controller.
apiVersion: metacontroller.k8s.io/v1alpha1
kind: DecoratorController  # for now
metadata:
  name: profiles
  labels: {team: "kfp"}
spec:
  resyncPeriodSeconds: 3600  # an hour
  # whose objects these are
  resources:
  - apiVersion: v1
    resource: namespaces   # core
  attachments:
  - apiVersion: v1
    resource: secrets
    updateStrategy:
      method: OnDelete
  # in place, for the pods' sake
  - apiVersion: apps/v1
    resource: deployments
    updateStrategy: {method: InPlace}
  hooks:
    sync:
      webhook:
        url: "http://profiles/sync"  # the hook
"""

FLOW = """\
{apiVersion: metacontroller.k8s.io/v1alpha1, kind: CompositeController, metadata: {name: flow},
 spec: {generateSelector: true,
        parentResource: {apiVersion: lab.example.com/v1, resource: widgets, revisionHistory: {fieldPaths: [spec]}},
        childResources: [{apiVersion: v1, resource: pods, updateStrategy: {method: RollingRecreate}}],
        hooks: {sync: {webhook: {url: http://x/sync}}}}}  # all of it
"""

JSON = """\
{
    "apiVersion": "metacontroller.k8s.io/v1alpha1",
    "kind": "CompositeController",
    "metadata": {"name": "json"},
    "spec": {
        "parentResource": {"apiVersion": "lab.example.com/v1", "resource": "widgets"},
        "hooks": {"sync": {"webhook": {"url": "http://x/sync"}}, "postUpdateChild": {}}
    }
}
"""

LIST = """\
apiVersion: v1
kind: List
items:
- apiVersion: metacontroller.k8s.io/v1alpha1
  kind: CompositeController
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"kind":"CompositeController"}
    creationTimestamp: "2026-01-01T00:00:00Z"
    generation: 1
    name: listed
    resourceVersion: "12"
    uid: 4d9c
  spec:
    childResources:
    - apiVersion: v1
      resource: configmaps
      updateStrategy:
        method: Recreate
        statusChecks: {}
    generateSelector: true
    hooks:
      finalize:
        version: v2
        webhook:
          service:
            name: hook
            namespace: hooks
          path: /finalize
      sync:
        webhook:
          url: http://x/sync
    parentResource:
      apiVersion: lab.example.com/v1
      resource: widgets
  status: {}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: left-alone}  # as it was
"""

ALIASES = """\
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: aliased}
spec:
  parentResource: {apiVersion: lab.example.com/v1, resource: widgets}
  childResources:
  - {apiVersion: v1, resource: secrets, updateStrategy: &once {method: Recreate}}
  - {apiVersion: v1, resource: services, updateStrategy: *once}
  hooks: {sync: {webhook: {url: http://x/sync}}}
"""

EMPTY = """\
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: status-only}
spec:
  childResources: []  # it writes nothing but a status
  parentResource:
    apiVersion: lab.example.com/v1
    resource: widgets
  hooks:
    sync:
      webhook: {url: http://x/sync}
"""

NARROW = """\
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: narrow}
spec:
 parentResource:
  apiVersion: lab.example.com/v1
  resource: widgets
 hooks:
  sync:
   webhook: {url: http://x/sync}
"""
"""Indented by one: there is no room for a dash before the parent."""

SURROUNDED = """# What the hook presents itself with.
apiVersion: v1
kind: Secret
metadata: {name: propagation-client, namespace: hooks}
stringData:
  token: fake-token
---
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata:
  name: propagation
spec:
  generateSelector: true
  parentResource:
    apiVersion: lab.example.com/v1alpha1
    resource: propagations
    labelSelector:
      matchLabels:
        auth: valid
  childResources:
  - apiVersion: v1
    resource: secrets
    updateStrategy:
      method: InPlace
  # one entry for all hooks
  endpointConfigs:
  - host: propagation.hooks
    caBundle:
      configMapRef: {name: propagation-ca, namespace: hooks, key: ca.crt}
    authorization:
      type: Bearer
      secretRef: {name: propagation-client, namespace: hooks, key: token}
    clientTLS:
      secretRef: {name: propagation-client, namespace: hooks}
  hooks:
    sync:
      version: v2
      webhook:
        url: https://propagation.hooks/sync
        timeout: 30s
        responseUnMarshallMode: strict
    customize:
      webhook:
        url: https://propagation.hooks/customize
        basicAuth: {secretRef: {name: propagation-client, namespace: hooks}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: propagation, namespace: hooks}
spec:
  selector: {matchLabels: {app: propagation}}
"""
"""A hook behind TLS and credentials, with what belongs to it in the same file."""

CATSET = """---
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata:
  name: catsets
spec:
  parentResource:
    apiVersion: lab.example.com/v1
    resource: catsets
    revisionHistory:
      fieldPaths:
      - spec.template
  childResources:
  - apiVersion: v1
    resource: pods
    updateStrategy:
      method: RollingRecreate
      statusChecks:
        conditions:
        - type: Ready
          status: "True"
  - apiVersion: v1
    resource: persistentvolumeclaims
  hooks:
    sync:
      webhook:
        url: http://catsets/sync
    finalize:
      webhook:
        url: http://catsets/sync
"""
"""All that a DecoratorController has not, and a kind without an update strategy."""

COMPOSITES = {
    "surrounded": SURROUNDED,
    "catset": CATSET,
    "block": BLOCK,
    "flow": FLOW,
    "json": JSON,
    "list": LIST,
    "aliases": ALIASES,
    "narrow": NARROW,
    "documents": f"---\n{BLOCK}---\n# beside it\nkind: ConfigMap\napiVersion: v1\nmetadata: {{name: a}}\n---\n{FLOW}",
    "windows": BLOCK.replace("\n", "\r\n"),
    "no newline at the end": BLOCK.rstrip("\n"),
}

DECORATOR = """\
apiVersion: metacontroller.k8s.io/v1alpha1
kind: DecoratorController
metadata:
  name: widgets  # its own name
spec:
  resources:
    # the only ones
    - apiVersion: lab.example.com/v1
      resource: widgets
  attachments:
    - apiVersion: v1
      resource: configmaps
      updateStrategy:
        method: InPlace
  hooks:
    sync:
      webhook:
        url: http://widgets/sync
"""
