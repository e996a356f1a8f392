"""Services of a cluster and the pods behind them, as what the topology links: names, ports, folders, replicas."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from infralint.model import Known, LostPort, Reading, Service, Setting, Unfollowed, Unknown
from infralint.project import Project
from infralint.project.compose import ImageBuild
from infralint.project.images import Images, is_own_name, read_images
from infralint.project.manifests import KNATIVE, Manifest, Manifests, is_selected, number_of, texts_of
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlValue

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout")
CLUSTER = "svc.cluster.local"


class Workload(msgspec.Struct, eq=False, dict=True):
    """Pods that run the same containers. replicas: how many; labels: of each pod."""

    manifest: Manifest
    template: YamlValue
    replicas: Setting[int]
    labels: dict[str, str]

    @property
    def containers(self) -> list[YamlValue]:
        return self.template.items_of("spec", "containers")

    @cached_property
    def ports(self) -> list[tuple[YamlValue, dict[str, int]]]:
        """The ports that each of its containers names, by their names (or numbers)."""
        return [(container, _named_ports(container)) for container in self.containers]

    @cached_property
    def named_ports(self) -> dict[str, int]:
        """Those of all of them, and of sidecars among the initContainers."""
        sidecars = map(_named_ports, self.template.items_of("spec", "initContainers"))
        return {
            name: port for ports in (*(ports for _, ports in self.ports), *sidecars) for name, port in ports.items()
        }

    @property
    def key(self) -> str:
        manifest = self.manifest
        return f"{manifest.environment}/{manifest.namespace}/{manifest.kind}/{manifest.name}"


class Workloads:
    """The workloads of a cluster."""

    def __init__(self, workloads: Sequence[Workload]) -> None:
        self.all = workloads
        self._selected: dict[tuple[object, ...], list[Workload]] = {}
        self._order = {id(workload): number for number, workload in enumerate(workloads)}
        self._places: dict[tuple[str, str], Manifest] = {}
        self._by_label: dict[tuple[str, str], dict[tuple[str, str], list[Workload]]] = {}
        for workload in workloads:
            place = workload.manifest.environment, workload.manifest.namespace
            self._places.setdefault(place, workload.manifest)
            for label in workload.labels.items():
                self._by_label.setdefault(label, {}).setdefault(place, []).append(workload)

    def selected_by(self, service: Manifest) -> list[Workload]:
        """The workloads whose pods a Service leads to: of several that fit, those that are written down nearest to it."""
        selector = texts_of(service.root.get("spec", "selector"))
        if not (selector and self.all):
            return []
        key = (service.environment, service.namespace, service.path, *sorted(selector.items()))
        known = self._selected.get(key)
        if known is None:
            known = self._selected[key] = self._select(service, selector)
        return known

    def _select(self, service: Manifest, selector: dict[str, str]) -> list[Workload]:
        near = [place for place, other in self._places.items() if not _is_elsewhere(service, other)]
        labeled = (self._find_labeled(label, near) for label in selector.items())
        rarest = min(labeled, key=len, default=[])
        fitting = [workload for workload in rarest if is_selected(workload.labels, selector)]
        if len(fitting) < 2:
            return fitting
        depths = [_shared_folders(service.path, workload.manifest.path) for workload in fitting]
        return [workload for workload, depth in zip(fitting, depths, strict=True) if depth == max(depths)]

    def _find_labeled(self, label: tuple[str, str], places: Sequence[tuple[str, str]]) -> list[Workload]:
        """The workloads with a label in some environments and namespaces."""
        found = self._by_label.get(label, {})
        together = [found[place] for place in places if place in found]
        if len(together) < 2:
            return together[0] if together else []
        return sorted((workload for found in together for workload in found), key=lambda found: self._order[id(found)])

    def replicas_behind(self, service: Manifest) -> Setting[int] | None:
        """How many pods a Service leads to; None where none of its pods is here."""
        behind = self.selected_by(service)
        return behind[0].replicas if len(behind) == 1 else None

    def grace_behind(self, service: Manifest) -> Setting[float] | None:
        """Seconds that the pods of a Service get to finish once they are asked to end; None where none of them is here.

        https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
        """
        behind = self.selected_by(service)
        return _grace_of(behind[0]) if len(behind) == 1 else None


GRACE = 30.0
"""Seconds: `terminationGracePeriodSeconds` where nothing is said."""


def _grace_of(workload: Workload) -> Setting[float]:
    name, manifest = "terminationGracePeriodSeconds", workload.manifest
    spec = workload.template.get("spec")
    setting = manifest.setting(spec, name) if spec is not None else None
    if setting is None:
        return Known(GRACE, manifest.where, name, "default")
    number = number_of(spec.get(name)) if spec is not None else None
    if isinstance(setting, Unknown) or number is None:
        return Unknown(setting.where, name, f"`{name}` is only known once it is filled in")
    return setting.with_value(float(number))


def _shared_folders(path: str, other: str) -> int:
    """How many parts two paths have in common, from the root."""
    pairs = zip(path.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def read_workloads(manifests: Manifests) -> Workloads:
    """The workloads of a cluster, each with what scales it."""
    scalers = manifests.of("HorizontalPodAutoscaler")
    found = []
    for manifest in manifests.of(*WORKLOADS):
        template = manifest.root.get("spec", "template")
        if template is not None:
            labels = texts_of(template.get("metadata", "labels"))
            found.append(Workload(manifest, template, _replicas(manifest, scalers), labels))
    for pod in manifests.of("Pod"):
        if _HOOK not in pod.root.members_of("metadata", "annotations"):
            found.append(Workload(pod, pod.root, Known(1, pod.where, "Pod", "default"), pod.labels))
    for service in manifests.of(KNATIVE):
        template = service.root.get("spec", "template")
        if template is not None:
            found.append(Workload(service, template, _scale_of(service), {}))
    return Workloads(found)


def container_host(service: Manifest) -> str:
    """By which name the containers of a Knative Service are known here: nobody dials them but its own proxy."""
    return f"user-container.{service.name}.{service.namespace or 'default'}"


def _scale_of(service: Manifest) -> Setting[int]:
    """How many pods a Knative Service may have: https://knative.dev/docs/serving/autoscaling/scale-bounds/"""
    annotations = service.root.get("spec", "template", "metadata", "annotations")
    for name in ("autoscaling.knative.dev/max-scale", "autoscaling.knative.dev/maxScale"):
        setting = service.setting(annotations, name) if annotations is not None else None
        number = number_of(annotations.get(name)) if annotations is not None else None
        if isinstance(setting, Known) and number:
            return setting.with_value(number)
    return Unknown(service.where, "replicas", "Knative adds pods as requests come")


_HOOK = "helm.sh/hook"
"""What marks pods that run once, as the tests of a chart do: https://helm.sh/docs/topics/charts_hooks/"""


def _replicas(manifest: Manifest, scalers: Sequence[Manifest]) -> Setting[int]:
    """`replicas`, 1 where nothing is said; an autoscaler's greatest number before that; one a machine for a DaemonSet.

    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#replicas
    """
    if manifest.kind == "DaemonSet":
        return Unknown(manifest.where, "replicas", "a DaemonSet runs one pod on each machine")
    for scaler in scalers:
        target = scaler.root.get("spec", "scaleTargetRef")
        if target is None or _is_elsewhere(scaler, manifest) or target.text_of("name") != manifest.name:
            continue
        spec = scaler.root.get("spec")
        setting = scaler.setting(spec, "maxReplicas") if spec is not None else None
        number = number_of(scaler.root.get("spec", "maxReplicas"))
        if isinstance(setting, Known) and number is not None:
            return Known(number, setting.where, "maxReplicas", written=setting.written)
    spec = manifest.root.get("spec")
    setting = manifest.setting(spec, "replicas") if spec is not None else None
    if setting is None:
        return Known(1, manifest.where, "replicas", "default")
    if isinstance(setting, Unknown):
        return setting
    number = number_of(spec.get("replicas")) if spec is not None else None
    if number is None:
        return Unknown(setting.where, "replicas", f"`{setting.written}` is only known once it is filled in")
    return Known(number, setting.where, "replicas", written=setting.written)


def _is_elsewhere(manifest: Manifest, other: Manifest) -> bool:
    """Whether two objects surely lie in different namespaces or environments."""
    apart = manifest.namespace and other.namespace and manifest.namespace != other.namespace
    return bool(apart) or (
        manifest.environment != other.environment and bool(manifest.environment and other.environment)
    )


def names_of(service: Manifest) -> frozenset[str]:
    """Under which names a Service is dialled: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"""
    return _names_of(service.name, service.namespace)


def _names_of(name: str, namespace: str) -> frozenset[str]:
    if not namespace:
        return frozenset({name})
    inside = f"{name}.{namespace}"
    return frozenset({name, inside, f"{inside}.svc", f"{inside}.{CLUSTER}"})


MOST_BEHIND = 10_000
"""Containers behind Services, each as often as a Service leads to it."""


def read_services(project: Project, manifests: Manifests, workloads: Workloads, reading: Reading) -> None:
    """Add a record for each container behind each Service, for Services that lead to nothing that is here, and for the
    containers of pods that no Service leads to."""
    carried = {(found.environment, found.name): found.carries for found in manifests.of("ConfigMap") if found.carries}
    containers = _Containers(project, workloads, carried)
    services = [(service, workloads.selected_by(service)) for service in manifests.of("Service")]
    reached = {id(workload) for _, behind in services for workload in behind}
    alone = not workloads.all and len(services) == 1
    left = MOST_BEHIND
    for service, behind in services:
        if not behind:
            build = containers.images.build_of(service.name, alone)
            reading.services.append(_service_without_pods(service, build))
        left -= sum(len(workload.containers) for workload in behind)
        if left < 0:
            why = f"leads to more pods than infralint follows: {MOST_BEHIND} containers behind all Services"
            reading.unfollowed.append(Unfollowed(service.where, why))
            break
        for workload in behind:
            reading.services += [containers.record(workload, found, service) for found in workload.containers]
    for workload in workloads.all:
        if id(workload) not in reached:
            reading.services += [containers.record(workload, found, None) for found in workload.containers]


def _pin_of(service: Manifest) -> Setting[str] | None:
    """What keeps a client that dials a Service on one pod: https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity"""
    spec = service.root.get("spec")
    setting = service.setting(spec, "sessionAffinity") if spec is not None else None
    return setting if isinstance(setting, Known) and setting.value == "ClientIP" else None


def _names_without_service(manifest: Manifest) -> frozenset[str]:
    """The names of containers that no Service leads to: Knative's own proxy dials those of its Services."""
    return frozenset({container_host(manifest)} if manifest.kind == "Service" else ())


def _service_without_pods(service: Manifest, build: ImageBuild | None) -> Service:
    """A Service whose pods are not here. build: the image that it can be taken to run."""
    name = service.name
    return Service(
        name=name,
        where=service.where,
        names=_names_of(name, service.namespace),
        context=build.context if build is not None else None,
        forwards=tuple((port, None) for port, _ in ports_of(service)),
        group=service.environment,
    )


def ports_of(service: Manifest) -> Iterator[tuple[int, str]]:
    """The ports of a Service, each with the number or name of the one that it leads to."""
    for item in service.root.items_of("spec", "ports"):
        port = number_of(item.get("port"))
        if port is not None:
            yield port, item.text_of("targetPort") or str(port)


class _StartedImage(msgspec.Struct, frozen=True):
    """What an image brings that is built here: the folder that it is built from, the files that are put into it, those that
    a container starts, the ports that it exposes."""

    context: str | None = None
    files: frozenset[str] = frozenset()
    entry_files: frozenset[str] = frozenset()
    ports: tuple[int, ...] = ()


class _Containers:
    """Containers as records of services."""

    def __init__(
        self, project: Project, workloads: Workloads, carried: Mapping[tuple[str, str], frozenset[str]]
    ) -> None:
        self.images: Images = read_images(project)
        self.workloads = workloads
        self.carried = carried
        texts = [container.text_of("image") for workload in workloads.all for container in workload.containers]
        builds = {text: self.images.build_of(text) for text in {*texts}}
        unexplained = {text for text, build in builds.items() if build is None and is_own_name(text)}
        nothing_else_is_built = not any(builds.values())
        self.started: dict[tuple[str, tuple[str, ...], tuple[str, ...]], _StartedImage] = {}
        self.alone = unexplained if len(unexplained) == 1 and nothing_else_is_built else frozenset()

    def record(self, workload: Workload, container: YamlValue, service: Manifest | None) -> Service:
        image = container.text_of("image")
        entrypoint, arguments = (_texts(container, key) for key in ("command", "args"))
        started = self._start(image, entrypoint, arguments)
        ports = tuple(_named_ports(container).values()) or started.ports
        manifest = workload.manifest
        return Service(
            name=service.name if service is not None else manifest.name,
            where=manifest.place(container),
            names=names_of(service) if service is not None else _names_without_service(manifest),
            files=self._mounted_files(workload) | started.files,
            context=started.context,
            ports=ports,
            forwards=tuple(_forwards(service, workload, container)) if service is not None else (),
            lost=tuple(_lost_ports(service, workload, ports)) if service is not None else (),
            pinned=_pin_of(service) if service is not None else None,
            replicas=workload.replicas,
            image=image,
            entry_files=started.entry_files,
            command=" ".join((*entrypoint, *arguments)),
            group=manifest.environment,
            pod=workload.key,
        )

    def _start(self, image: str, entrypoint: tuple[str, ...], arguments: tuple[str, ...]) -> _StartedImage:
        """What an image brings, worked out once for all containers that start it alike."""
        key = image, entrypoint, arguments
        if key not in self.started:
            build = self.images.build_of(image, alone=image in self.alone)
            self.started[key] = (
                _StartedImage()
                if build is None
                else _StartedImage(
                    build.context,
                    self.images.copied_into(build),
                    self.images.entry_files_of(build, entrypoint, arguments),
                    self.images.exposed_by(build),
                )
            )
        return self.started[key]

    def _mounted_files(self, workload: Workload) -> frozenset[str]:
        """The ConfigMaps that its pods mount, as files of the manifests that hold them (`configmap:NAME`), and the files
        that such a one is generated from."""
        names = [name for name in _mounted_maps(workload) if name]
        environment = workload.manifest.environment
        generated = (self.carried.get((environment, name), frozenset()) for name in names)
        return frozenset(f"configmap:{name}" for name in names).union(*generated)


def _texts(container: YamlValue, key: str) -> tuple[str, ...]:
    return tuple(item.text or "" for item in container.items_of(key))


def _named_ports(container: YamlValue) -> dict[str, int]:
    """The ports that a container names, by their names (or numbers)."""
    found = {}
    for item in container.items_of("ports"):
        number = number_of(item.get("containerPort"))
        if number is not None:
            found[item.text_of("name") or str(number)] = number
    return found


def _forwards(service: Manifest, workload: Workload, container: YamlValue) -> Iterator[tuple[int, int | None]]:
    """The ports of a Service that lead, or may lead, to a container."""
    named = _named_ports(container)
    others = [ports for other, ports in workload.ports if other is not container]
    for port, target in ports_of(service):
        number = whole_number(target) if target.isdecimal() else None
        if target in named or number in named.values() or not others:
            yield port, None
        elif number is not None and not any(target in ports or number in ports.values() for ports in others):
            yield port, number


_PORT_NAME = lazy(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")


def _lost_ports(service: Manifest, workload: Workload, exposed: Sequence[int]) -> Iterator[LostPort]:
    """The ports of a Service that lead to none that a container of its pods names. exposed: by an image, where they name
    none. A name that no container has, of sidecars among the initContainers neither, leads nowhere; a number that none names
    may be listened on all the same.

    https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
    """
    named = workload.named_ports
    known = tuple(sorted({*named.values()} or {*exposed}))
    for item in service.root.items_of("spec", "ports"):
        port, target = number_of(item.get("port")), item.text_of("targetPort")
        if port is None:
            continue
        if target.isdecimal() or not target:
            is_lost = bool(known) and (whole_number(target) if target else port) not in known
        else:
            is_lost = _PORT_NAME.fullmatch(target) is not None and target not in named
        if is_lost:
            yield LostPort(
                port, target or str(port), service.place_of_member(item, "targetPort" if target else "port"), known
            )


def _mounted_maps(workload: Workload) -> Iterator[str]:
    """The names of the ConfigMaps that its pods mount."""
    for volume in workload.template.items_of("spec", "volumes"):
        yield volume.text_of("configMap", "name")
        yield from (source.text_of("configMap", "name") for source in volume.items_of("projected", "sources"))
