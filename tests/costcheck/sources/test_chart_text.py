import io
import tarfile
from pathlib import Path

import pytest

from costcheck.sources.chart_text import Chart, read_chart

ROOT = Path(__file__).resolve().parents[3]
KEPT = """
{{- $live := dict -}}
{{- $live = lookup "apps/v1" "Deployment" .Release.Namespace (include "name" .) -}}
{{ max 1 (dig "spec" "replicas" 0 ($live | default dict) | int) }}
"""


def archive(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    return tmp_path


def read(chart: Path, template: str = "", values: object = None) -> Chart:
    (chart / "templates" / "a.yaml").write_text(template)
    found = read_chart(chart, values)
    assert not isinstance(found, str), found
    return found


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ if (lookup "v1" "Namespace" "" "kube-system") }}', "uses lookup"),
        ('{{ if gt (now | unixEpoch) "1" }}', "uses now"),
        ('{{ date "2006" 1 }}', "uses date"),
        ("{{ randAlphaNum 5 }}", "uses randAlphaNum"),
        ("{{ randInt 1 5 }}", "uses randInt"),
        ("{{ uuidv4 }}", "uses uuidv4"),
        ('{{ genCA "a" 1 }}', "uses genCA"),
        ("{{ if gt (int .Release.Revision) 1 }}", "uses Revision"),
        ('{{ index .Release "Revision" }}', "uses Revision"),
        ("{{ .Capabilities.HelmVersion.Version }}", "uses HelmVersion"),
        ('{{ if contains "eks" .Capabilities.KubeVersion.Version }}', "the build of Kubernetes"),
        ("{{ if .Capabilities.APIVersions.Has .Values.api }}", "does not name them"),
        ("{{ $x := .Capabilities.APIVersions }}", "does not name them"),
    ],
)
def test_a_chart_that_asks_what_only_the_cluster_knows_cannot_be_told(chart: Path, template: str, said: str) -> None:
    assert said in read(chart, template).untellable
    assert said in read(chart, "{{ tpl .Values.x . }}", {"x": template}).untellable
    (chart / "charts").mkdir()
    (chart / "charts" / "b.tgz").write_bytes(archive({"b/templates/b.yaml": template.encode()}))
    assert said in read(chart).untellable


@pytest.mark.parametrize(
    "template",
    ["now {{ .Values.now }}", '{{ print "now" }}', "{{/* the time now */}}", "{{- /* now */ -}}", "{{ $now }}", KEPT],
)
def test_a_chart_that_only_has_such_words_in_it_can_be_told(chart: Path, template: str) -> None:
    assert not read(chart, template).untellable


def test_replicas_that_are_left_as_found_are_no_reason_where_nothing_else_is_read(chart: Path) -> None:
    assert read(chart, KEPT).keeps_scale
    for more in ("{{ if $live }}", "{{ $live.metadata.name }}", '{{ dig "spec" "paused" 0 ($live | default dict) }}'):
        assert "uses lookup" in read(chart, KEPT + more).untellable
    assert "uses lookup" in read(chart, KEPT.replace("apps/v1", "v1")).untellable


@pytest.mark.parametrize("name", ["a.tgz", "a.tar.gz"])
def test_a_packed_chart_is_read_like_a_folder(tmp_path: Path, name: str) -> None:
    inner = archive({"b/templates/b.yaml": b'{{ if eq .x "inner" }}'})
    files = {
        "a/templates/a.yaml": b'{{ if eq .x "outer" }}',
        "a/values.yaml": b"size: large",
        "a/charts/b.tgz": inner,
    }
    (tmp_path / name).write_bytes(archive(files))
    found = read_chart(tmp_path / name, None)
    assert isinstance(found, Chart)
    assert {"inner", "outer", "size", "large"} <= found.words


def test_words_and_both_sides_of_numbers_are_found(chart: Path) -> None:
    (chart / "values.yaml").write_text("word: secret-word\nlist: [a]\nlimit: 40\non: true\n")
    template = '{{ $m := "b" }}{{ if gt (int .x) 10 }}{{ eq (printf "%s" "c") `d` }}{{ "15" }}{{ . | nindent 77 }}'
    words = read(chart, template, {"given": {"key": "value"}, "off": False}).words
    assert words >= {
        *("secret-word", "word", "a", "true", "b", "c", "d", "given", "key", "value", "false"),
        *("39", "40", "41", "9", "10", "11", "14", "15", "16"),
    }
    assert "77" not in words


def test_what_works_on_a_value_in_ways_nobody_can_try_is_named(chart: Path) -> None:
    assert read(chart, "{{ eq (.Values.x | sha256sum) .y }}").unfollowed == "its chart uses sha256sum"
    assert read(chart, '{{ regexMatch "^a+$" .Values.x }}').unfollowed == "its chart uses regexMatch"
    assert not read(chart, '{{ include (print $.Template.BasePath "/c.yaml") . | sha256sum }}').unfollowed


def test_apis_and_upgrades_that_a_chart_asks_for_are_found(chart: Path) -> None:
    found = read(chart, '{{ if .Capabilities.APIVersions.Has "a/v1" }}{{ if .Release.IsUpgrade }}')
    assert found.api_versions == {"a/v1"}
    assert found.tells_upgrades
    assert not found.tells_versions
    assert read(chart, '{{ if semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}').tells_versions


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08"])
def test_a_chart_that_cannot_be_read_is_a_reason(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(content)
    assert "its chart cannot be read" in str(read_chart(tmp_path / "a.tgz", None))


def test_our_own_chart_can_be_told_and_followed() -> None:
    found = read_chart(ROOT / "charts" / "model-server", None)
    assert isinstance(found, Chart)
    assert (found.untellable, found.unfollowed, found.keeps_scale) == ("", "", True)
