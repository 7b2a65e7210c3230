"""Access keys: looked up first, made once, by a call that counts; against a real IAM API over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from shadow.errors import RequestError
from shadow.profile.cluster import Cluster, in_cluster
from shadow.profile.credentials import Keeper, LookUpError, StoreError
from shadow.profile.objectstore import ObjectStore, policy_for
from tests.cli.control import serving
from tests.hook_server import Behaviour, Exchange, HookServer, answer
from tests.profile.captures import Maker, settings

DATA = {"accesskey": "ZmFrZQ==", "secretkey": "ZmFrZQ=="}


def nothing(_namespace: str) -> None:
    return None


def nobody_knows(_namespace: str) -> dict[str, str] | None:
    raise LookUpError("refused")


def test_a_secret_that_is_there_is_used_though_nobody_observed_it():
    maker = Maker()
    assert Keeper(lambda _: DATA, maker).credentials("a", may_make=True) == DATA
    assert maker.made == []


def test_a_key_is_made_once_however_often_the_secret_is_not_there_yet():
    maker = Maker()
    keeper = Keeper(nothing, maker)
    first = keeper.credentials("a", may_make=True)
    assert keeper.credentials("a", may_make=True) == first
    assert keeper.credentials("b", may_make=True) != first
    assert maker.made == ["a", "b"]


def test_a_key_does_not_come_back_after_its_secret_arrived_and_was_deleted():
    maker = Maker()
    keeper = Keeper(nothing, maker)
    first = keeper.credentials("a", may_make=True)
    keeper.arrived("a")
    assert keeper.credentials("a", may_make=True) != first


@pytest.mark.parametrize(
    ("look_up", "may_make", "code"),
    [
        pytest.param(nothing, False, "would-make-key", id="a call that only compares"),
        pytest.param(nobody_knows, True, "unknown-secret", id="the cluster does not say"),
        pytest.param(nobody_knows, False, "unknown-secret", id="neither"),
    ],
)
def test_in_doubt_no_key_is_made(look_up, may_make, code):
    maker = Maker()
    with pytest.raises(RequestError) as error:
        Keeper(look_up, maker).credentials("a", may_make=may_make)
    assert (error.value.status, error.value.code, maker.made) == (503, code, [])


def test_a_store_that_makes_none_is_an_error():
    class Broken:
        def make_key(self, namespace: str) -> tuple[str, str]:
            raise StoreError("LimitExceeded")

    with pytest.raises(RequestError, match="LimitExceeded"):
        Keeper(nothing, Broken()).credentials("a", may_make=True)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def store(aws: str) -> ObjectStore:
    return ObjectStore(settings(iam_endpoint=aws, s3_endpoint=aws))


def test_a_namespace_gets_a_user_with_its_own_policy_and_a_key(store: ObjectStore, aws: str):
    key, secret = store.make_key("team-a")
    iam = boto3.client("iam", "us-east-1", endpoint_url=aws, aws_access_key_id="a", aws_secret_access_key="b")
    assert [each["AccessKeyId"] for each in iam.list_access_keys(UserName="team-a")["AccessKeyMetadata"]] == [key]
    policy = iam.get_user_policy(UserName="team-a", PolicyName="mlpipeline-team-a")["PolicyDocument"]
    assert policy == policy_for("team-a")
    assert secret


def test_a_user_that_is_there_already_gets_another_key(store: ObjectStore):
    assert store.make_key("team-b")[0] != store.make_key("team-b")[0]


def test_the_limit_of_keys_is_told_by_its_name(store: ObjectStore):
    for _ in range(2):
        store.make_key("team-c")
    with pytest.raises(StoreError, match="LimitExceeded"):
        store.make_key("team-c")


def test_a_store_that_is_not_there_is_told(refused_url: str):
    with pytest.raises(StoreError, match="Endpoint"):
        ObjectStore(settings(iam_endpoint=refused_url, s3_endpoint=refused_url)).make_key("a")


def test_no_request_is_repeated_since_each_could_make_a_key(aws: str):
    with serving() as store:
        store.answer("POST", "/", {}, 500)
        with pytest.raises(StoreError):
            ObjectStore(settings(iam_endpoint=store.url, s3_endpoint=aws)).make_key("a")
        assert len(store.asked) == 1


def losing_keys(aws: str) -> Behaviour:
    """Passes calls on, and hangs up where a key was made."""

    def behave(exchange: Exchange) -> None:
        call = exchange.call
        kept = {name: call.headers[name] for name in ("authorization", "content-type", "x-amz-date")}
        made = httpx.post(f"{aws}{call.path}", content=call.body, headers=kept)
        if b"Action=CreateAccessKey" not in call.body:
            answer(made.content, made.status_code)(exchange)

    return behave


def test_lost_answers_leave_two_keys_at_most(store: ObjectStore, aws: str):
    iam = boto3.client("iam", "us-east-1", endpoint_url=aws, aws_access_key_id="a", aws_secret_access_key="b")
    with HookServer(losing_keys(aws)) as lossy:
        forgetful = ObjectStore(settings(iam_endpoint=lossy.url, s3_endpoint=aws))
        for _ in range(2):
            with pytest.raises(StoreError, match=r"Connection\w+ at 127"):
                forgetful.make_key("team-d")
        kept = [each["AccessKeyId"] for each in iam.list_access_keys(UserName="team-d")["AccessKeyMetadata"]]
        assert len(kept) == 2
        with pytest.raises(StoreError, match=kept[0]):
            forgetful.make_key("team-d")


def test_artifacts_expire_if_they_are_to(store: ObjectStore, aws: str):
    s3 = boto3.client("s3", "us-east-1", endpoint_url=aws, aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket="mlpipeline")
    store.keep_for(30)
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket="mlpipeline")["Rules"]
    assert rule["Expiration"] == {"Days": 30}


@pytest.fixture
def account(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("fake-token\n")
    return tmp_path


def secret_of(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets/mlpipeline-minio-artifact"


def test_the_cluster_is_asked_with_the_service_accounts_token(account: Path):
    with serving() as api:
        api.answer("GET", secret_of("team-a"), {"data": {**DATA, "other": "x"}})
        assert Cluster(api.url, account).look_up("team-a") == DATA
        assert api.asked[0].headers["authorization"] == "Bearer fake-token"


def test_a_clear_no_is_one(account: Path):
    with serving() as api:
        api.answer("GET", secret_of("a"), {"kind": "Status", "reason": "NotFound"}, 404)
        assert Cluster(api.url, account).look_up("a") is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 404, id="somebody else's 404"),
        pytest.param({"reason": "Forbidden"}, 403, id="forbidden"),
        pytest.param({}, 500, id="broken"),
        pytest.param({"data": {"accesskey": "x"}}, 200, id="half a key"),
        pytest.param([], 200, id="nonsense"),
        pytest.param({"data": []}, 200, id="no data"),
    ],
)
def test_anything_else_is_no_answer(account: Path, body: object, status: int):
    with serving() as api:
        api.answer("GET", secret_of("a"), body, status)
        cluster = Cluster(api.url, account)
        with pytest.raises(LookUpError):
            cluster.look_up("a")


def test_outside_of_a_cluster_nobody_is_asked():
    assert in_cluster({}) is None
    assert in_cluster({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) is not None


def test_the_policy_names_no_other_namespace():
    text = json.dumps(policy_for("team-a"))
    assert "private-artifacts/team-a/*" in text
    assert '"Resource": "*"' not in text
