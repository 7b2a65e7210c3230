"""The members of the built-in kinds, and of every object's metadata, as far as hooks of this kind write them."""

from typing import Any

from shadow.simulate.errors import ApiError
from shadow.simulate.kinds import Kind
from shadow.simulate.schema import (
    ANY,
    BOOL,
    BYTES,
    FLAG,
    INT_OR_STRING,
    INTEGER,
    QUANTITY,
    STRING,
    STRINGS,
    TEXT,
    TEXTS,
    ListOf,
    MapOf,
    Struct,
    Where,
    selector,
    struct,
)

OWNER_REFERENCE = struct(
    apiVersion=STRING, kind=STRING, name=STRING, uid=STRING, controller=BOOL, blockOwnerDeletion=BOOL
)

METADATA = struct(
    name=TEXT,
    generateName=TEXT,
    namespace=TEXT,
    selfLink=TEXT,
    uid=TEXT,
    resourceVersion=TEXT,
    generation=INTEGER,
    creationTimestamp=STRING,
    deletionTimestamp=STRING,
    deletionGracePeriodSeconds=INTEGER,
    labels=STRINGS,
    annotations=STRINGS,
    ownerReferences=ListOf(OWNER_REFERENCE),
    finalizers=TEXTS,
    managedFields=ListOf(ANY),
)

_PROBE = struct(
    httpGet=struct(path=TEXT, port=INT_OR_STRING, host=TEXT, scheme=TEXT, httpHeaders=ListOf(ANY)),
    tcpSocket=struct(port=INT_OR_STRING, host=TEXT),
    exec=struct(command=TEXTS),
    grpc=struct(port=INTEGER, service=STRING),
    initialDelaySeconds=INTEGER,
    timeoutSeconds=INTEGER,
    periodSeconds=INTEGER,
    successThreshold=INTEGER,
    failureThreshold=INTEGER,
    terminationGracePeriodSeconds=INTEGER,
)
_KEY_REF = struct(name=TEXT, key=STRING, optional=BOOL)
_FIELD_REF = struct(apiVersion=TEXT, fieldPath=STRING)
_RESOURCE_REF = struct(containerName=TEXT, resource=STRING, divisor=QUANTITY)
_ENV_SOURCE = struct(
    secretKeyRef=_KEY_REF, configMapKeyRef=_KEY_REF, fieldRef=_FIELD_REF, resourceFieldRef=_RESOURCE_REF
)
_RESOURCES = struct(limits=MapOf(QUANTITY), requests=MapOf(QUANTITY), claims=ListOf(ANY))
_CONTAINER = struct(
    name=STRING,
    image=TEXT,
    command=TEXTS,
    args=TEXTS,
    workingDir=TEXT,
    ports=ListOf(struct(name=TEXT, hostPort=INTEGER, containerPort=INTEGER, protocol=TEXT, hostIP=TEXT)),
    envFrom=ListOf(ANY),
    env=ListOf(struct(name=STRING, value=TEXT, valueFrom=_ENV_SOURCE)),
    resources=_RESOURCES,
    volumeMounts=ListOf(
        struct(
            name=STRING,
            readOnly=FLAG,
            mountPath=STRING,
            subPath=TEXT,
            subPathExpr=TEXT,
            mountPropagation=STRING,
            recursiveReadOnly=STRING,
        )
    ),
    volumeDevices=ListOf(ANY),
    livenessProbe=_PROBE,
    readinessProbe=_PROBE,
    startupProbe=_PROBE,
    lifecycle=ANY,
    terminationMessagePath=TEXT,
    terminationMessagePolicy=TEXT,
    imagePullPolicy=TEXT,
    securityContext=ANY,
    restartPolicy=STRING,
    stdin=FLAG,
    stdinOnce=FLAG,
    tty=FLAG,
)
_ITEMS = ListOf(struct(key=STRING, path=STRING, mode=INTEGER))
_DOWNWARD = ListOf(struct(path=STRING, fieldRef=_FIELD_REF, resourceFieldRef=_RESOURCE_REF, mode=INTEGER))
_PROJECTION = struct(
    secret=struct(name=TEXT, items=_ITEMS, optional=BOOL),
    configMap=struct(name=TEXT, items=_ITEMS, optional=BOOL),
    downwardAPI=struct(items=_DOWNWARD),
    serviceAccountToken=struct(audience=TEXT, expirationSeconds=INTEGER, path=STRING),
)
_VOLUME = struct(
    name=STRING,
    secret=struct(secretName=TEXT, items=_ITEMS, defaultMode=INTEGER, optional=BOOL),
    configMap=struct(name=TEXT, items=_ITEMS, defaultMode=INTEGER, optional=BOOL),
    downwardAPI=struct(items=_DOWNWARD, defaultMode=INTEGER),
    projected=struct(sources=ListOf(_PROJECTION), defaultMode=INTEGER),
    emptyDir=struct(medium=TEXT, sizeLimit=QUANTITY),
    hostPath=struct(path=STRING, type=STRING),
    persistentVolumeClaim=struct(claimName=STRING, readOnly=FLAG),
    csi=ANY,
    nfs=ANY,
    ephemeral=ANY,
)
POD_SPEC = struct(
    volumes=ListOf(_VOLUME),
    initContainers=ListOf(_CONTAINER),
    containers=ListOf(_CONTAINER),
    restartPolicy=TEXT,
    terminationGracePeriodSeconds=INTEGER,
    activeDeadlineSeconds=INTEGER,
    dnsPolicy=TEXT,
    nodeSelector=STRINGS,
    serviceAccountName=TEXT,
    serviceAccount=TEXT,
    automountServiceAccountToken=BOOL,
    nodeName=TEXT,
    hostNetwork=FLAG,
    hostPID=FLAG,
    hostIPC=FLAG,
    shareProcessNamespace=BOOL,
    securityContext=ANY,
    imagePullSecrets=ListOf(struct(name=TEXT)),
    hostname=TEXT,
    subdomain=TEXT,
    affinity=ANY,
    schedulerName=TEXT,
    tolerations=ListOf(struct(key=TEXT, operator=TEXT, value=TEXT, effect=TEXT, tolerationSeconds=INTEGER)),
    hostAliases=ListOf(ANY),
    priorityClassName=TEXT,
    priority=INTEGER,
    dnsConfig=ANY,
    readinessGates=ListOf(ANY),
    runtimeClassName=STRING,
    enableServiceLinks=BOOL,
    preemptionPolicy=STRING,
    topologySpreadConstraints=ListOf(ANY),
)
POD_TEMPLATE = struct(metadata=METADATA, spec=POD_SPEC)

_SERVICE_PORT = struct(
    name=TEXT, protocol=TEXT, appProtocol=STRING, port=INTEGER, targetPort=INT_OR_STRING, nodePort=INTEGER
)
_SERVICE_SPEC = struct(
    ports=ListOf(_SERVICE_PORT),
    selector=STRINGS,
    clusterIP=TEXT,
    clusterIPs=TEXTS,
    type=TEXT,
    externalIPs=TEXTS,
    sessionAffinity=TEXT,
    loadBalancerIP=TEXT,
    loadBalancerSourceRanges=TEXTS,
    externalName=TEXT,
    externalTrafficPolicy=TEXT,
    healthCheckNodePort=INTEGER,
    publishNotReadyAddresses=FLAG,
    sessionAffinityConfig=ANY,
    ipFamilies=TEXTS,
    ipFamilyPolicy=STRING,
    allocateLoadBalancerNodePorts=BOOL,
    loadBalancerClass=STRING,
    internalTrafficPolicy=STRING,
    trafficDistribution=STRING,
)
_DEPLOYMENT_SPEC = struct(
    replicas=INTEGER,
    selector=selector(),
    template=POD_TEMPLATE,
    strategy=struct(type=TEXT, rollingUpdate=struct(maxUnavailable=INT_OR_STRING, maxSurge=INT_OR_STRING)),
    minReadySeconds=INTEGER,
    revisionHistoryLimit=INTEGER,
    paused=FLAG,
    progressDeadlineSeconds=INTEGER,
)
_AUTOSCALER_SPEC = struct(
    scaleTargetRef=struct(kind=STRING, name=STRING, apiVersion=TEXT),
    minReplicas=INTEGER,
    maxReplicas=INTEGER,
    metrics=ListOf(ANY),
    behavior=ANY,
)

BODIES: dict[str, Struct] = {
    "Namespace": struct(spec=struct(finalizers=TEXTS), status=struct(phase=TEXT, conditions=ListOf(ANY))),
    "ConfigMap": struct(data=STRINGS, binaryData=MapOf(BYTES), immutable=BOOL),
    "Secret": struct(data=MapOf(BYTES), stringData=STRINGS, type=TEXT, immutable=BOOL),
    "Service": struct(spec=_SERVICE_SPEC, status=ANY),
    "ServiceAccount": struct(
        secrets=ListOf(ANY), imagePullSecrets=ListOf(struct(name=TEXT)), automountServiceAccountToken=BOOL
    ),
    "Pod": struct(spec=POD_SPEC, status=ANY),
    "Deployment": struct(spec=_DEPLOYMENT_SPEC, status=ANY),
    "HorizontalPodAutoscaler": struct(spec=_AUTOSCALER_SPEC, status=ANY),
}


def read_body(kind: Kind, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    """The object as the API server decodes it. Metadata is typed for every kind, the rest for typed kinds.

    Raises ApiError 400 for a value of the wrong type.
    """
    root = Where(kind.kind)
    version = api_version.rpartition("/")[2]
    members = BODIES.get(kind.kind) if kind.typed else None
    try:
        rest = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata")}
        stored = members.read(rest, root) if members else rest
        metadata = METADATA.read(body.get("metadata") or {}, Where("ObjectMeta.metadata"))
    except ApiError as exc:
        raise ApiError(400, f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}: {exc}') from exc
    return {"apiVersion": api_version, "kind": kind.kind, "metadata": metadata, **stored}
