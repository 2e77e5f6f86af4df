"""From a pod as Kubernetes holds it to a plan that local processes can follow. Nothing here touches the machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.pods import environment, volumes
from localcloud.pods.errors import UnsupportedError
from localcloud.pods.images import SYSTEM_PATH, Image, Images
from localcloud.pods.mapping import LocalView
from localcloud.pods.records import Action, ContainerPlan, Exec, HttpGet, PodPlan, Probe, Sleep, TcpConnect
from localcloud.pods.sources import Sources
from localcloud.pods.volumes import File

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a pod is to run.

    Attributes:
        root: The pod's own folder.
        address: The pod's own loopback address.
        extra: Variables that stand for what a real node gives a pod (credentials and endpoint of the pretend S3).
    """

    root: Path
    address: str
    images: Images
    extra: dict[str, str]


def plan_pod(pod: Json, sources: Sources, site: Site) -> tuple[PodPlan, tuple[File, ...]]:
    """Return the plan and the files that it needs.

    Raises:
        PodError: A source is missing, an image is unknown, or the pod asks for something unsupported.
    """
    spec, metadata = pod["spec"], pod["metadata"]
    pod = {**pod, "status": {**pod.get("status", {}), "podIP": site.address}}
    init = [_plan_container(container, pod, sources, site) for container in spec.get("initContainers", [])]
    main = [_plan_container(container, pod, sources, site) for container in spec["containers"]]
    plan = PodPlan(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        init=tuple(container for container, _ in init),
        main=tuple(container for container, _ in main),
        restart_policy=spec.get("restartPolicy", "Always"),
        grace_period=spec.get("terminationGracePeriodSeconds", 30),
    )
    return plan, tuple(file for _, files in (*init, *main) for file in files)


def _plan_container(container: Json, pod: Json, sources: Sources, site: Site) -> tuple[ContainerPlan, list[File]]:
    folders = volumes.folders(pod, container["name"], site.root)
    view = LocalView(address=site.address, paths=volumes.mounted_paths(container, folders), services=sources.services)
    image = site.images.find(container["image"])
    programs = site.root / "b" / container["name"]
    given = environment.resolve(container, pod, sources)
    actions = _Actions(container=container, view=view, image=image, programs=programs)
    hooks = container.get("lifecycle", {})
    plan = ContainerPlan(
        name=container["name"],
        image=container["image"],
        command=image.located(_command_line(container, image, given, view), programs),
        environment={
            "PATH": f"{programs}:{SYSTEM_PATH}",
            "HOME": str(site.root),
            "HOSTNAME": pod["metadata"]["name"],
            **_temporary_folder(view),
            **image.environment,
            **site.extra,
            **_mapped(given, container, view),
        },
        folder=Path(view.text(container["workingDir"])) if "workingDir" in container else site.root,
        stop_signal=image.stop_signal,
        startup=actions.probe("startupProbe"),
        readiness=actions.probe("readinessProbe"),
        liveness=actions.probe("livenessProbe"),
        post_start=actions.action(hooks["postStart"]) if "postStart" in hooks else None,
        pre_stop=actions.action(hooks["preStop"]) if "preStop" in hooks else None,
        is_sidecar=container.get("restartPolicy") == "Always",
    )
    scripts = [
        File(path=programs / name, content=text.encode(), mode=0o755) for name, text in image.scripts().items()
    ]
    return plan, [*scripts, *volumes.files(pod, container, folders, sources, view)]


def _command_line(container: Json, image: Image, given: dict[str, str], view: LocalView) -> tuple[str, ...]:
    """Return what runs: references expanded first, as a kubelet does, then mapped."""
    command, arguments = (
        tuple(view.text(environment.expand(text, given)) for text in container.get(key) or [])
        for key in ("command", "args")
    )
    return image.command_line(command, arguments)


def _temporary_folder(view: LocalView) -> dict[str, str]:
    """Return TMPDIR where the pod mounts a volume on /tmp: what a program itself calls /tmp is not rewritten."""
    usual = "/tmp"  # noqa: S108  the container's own
    return {} if (mounted := view.text(usual)) == usual else {"TMPDIR": mounted}


def _mapped(given: dict[str, str], container: Json, view: LocalView) -> dict[str, str]:
    secret = {entry["name"] for entry in container.get("env", []) if "secretKeyRef" in entry.get("valueFrom", {})}
    return {name: value if name in secret else view.text(value) for name, value in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Actions:
    """The probes and hooks of one container, with its ports, its paths and its image's programs."""

    container: Json
    view: LocalView
    image: Image
    programs: Path

    def probe(self, key: str) -> Probe | None:
        """Return the probe under the key, None if the container has none."""
        spec = self.container.get(key)
        if spec is None:
            return None
        return Probe(
            action=self.action(spec),
            initial_delay=spec.get("initialDelaySeconds", 0),
            period=spec.get("periodSeconds", 10),
            timeout=spec.get("timeoutSeconds", 1),
            success_threshold=spec.get("successThreshold", 1),
            failure_threshold=spec.get("failureThreshold", 3),
            grace_period=spec.get("terminationGracePeriodSeconds"),
        )

    def action(self, spec: Json) -> Action:
        """Return the action of a probe or hook.

        Raises:
            UnsupportedError: Its kind is not exec, httpGet, tcpSocket or sleep.
        """
        if "exec" in spec:
            return Exec(
                command=self.image.located(
                    tuple(self.view.text(part) for part in spec["exec"]["command"]), self.programs
                )
            )
        if "httpGet" in spec:
            return self._http(spec["httpGet"])
        if "tcpSocket" in spec:
            return TcpConnect(
                host=self.view.host(spec["tcpSocket"].get("host")), port=self._port(spec["tcpSocket"]["port"])
            )
        if "sleep" in spec:
            return Sleep(seconds=spec["sleep"]["seconds"])
        raise UnsupportedError(what=f"an action of {', '.join(spec)} in container {self.container['name']}")

    def _http(self, spec: Json) -> HttpGet:
        host, port = self.view.host(spec.get("host")), self._port(spec["port"])
        headers = {header["name"]: header["value"] for header in spec.get("httpHeaders", [])}
        return HttpGet(
            url=f"{spec.get('scheme', 'HTTP').lower()}://{host}:{port}{spec.get('path', '/')}", headers=headers
        )

    def _port(self, port: int | str) -> int:
        named = {
            entry["name"]: entry["containerPort"] for entry in self.container.get("ports", []) if "name" in entry
        }
        if port in named:
            return int(named[port])
        if isinstance(port, str) and not port.isdigit():
            raise UnsupportedError(what=f"port {port}, which container {self.container['name']} does not name")
        return int(port)
