"""`shadow profile` as a process: where it listens, what it says, how it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shadow.cli.profile import place
from shadow.errors import ConfigurationError

RECORDED = {"KFP_VERSION": "2.5.0", "MINIO_ACCESS_KEY": "fake-minio", "MINIO_SECRET_KEY": "fake-minio-secret"}
SHADOW = Path(sys.executable).parent / "shadow"


def start(*options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [SHADOW, "profile", *options],
        env={"PATH": os.environ["PATH"], **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("ended_by", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_it_serves_where_it_says_until_a_signal(ended_by, status):
    with start("--listen", "127.0.0.1:0", **RECORDED) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if "profile hook at" in line)
        (url,) = re.findall(r"http://\S+", said)
        assert httpx.get(f"{url}/livez", trust_env=False).status_code == 200
        process.send_signal(ended_by)
        rest = process.stderr.read()
    assert process.returncode == status
    assert "Traceback" not in rest


def test_wrong_settings_are_told_and_end_it_with_2():
    with start("--listen", "127.0.0.1:0", KFP_VERSION="2.5.0", MINIO_ACCESS_KEY="fake-minio") as process:
        _, said = process.communicate()
    assert process.returncode == 2
    assert said == "MINIO_SECRET_KEY: must be set\n"


def test_a_taken_address_is_told_and_ends_it_with_1(hook_server):
    taken = f"127.0.0.1:{hook_server(lambda exchange: None).port}"
    with start("--listen", taken, **RECORDED) as process:
        _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith(f"shadow: cannot listen on {taken}: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "environment", "address"),
    [
        pytest.param(None, {}, "0.0.0.0:8080", id="default"),
        pytest.param(None, {"CONTROLLER_PORT": "81"}, "0.0.0.0:81", id="Kubeflow's variable"),
        pytest.param("127.0.0.1:9", {"CONTROLLER_PORT": "81"}, "127.0.0.1:9", id="option before variable"),
        pytest.param("[::1]:9", {}, "[::1]:9", id="IPv6"),
    ],
)
def test_the_option_goes_before_the_variable(option, environment, address):
    assert str(place(option, environment)) == address


@pytest.mark.parametrize(
    ("option", "environment", "where"),
    [("8080", {}, "--listen"), (None, {"CONTROLLER_PORT": "http"}, "CONTROLLER_PORT")],
)
def test_a_wrong_address_names_where_it_came_from(option, environment, where):
    with pytest.raises(ConfigurationError, match=f"{where}: must be HOST:PORT"):
        place(option, environment)
