"""Makes a namespace's user and access key through the IAM API that SeaweedFS and MinIO share with AWS.

Needs the optional extra `s3` (boto3), so only who makes keys imports this; and the object store's own credentials.
"""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from shadow.profile.credentials import StoreError
from shadow.profile.current import BUCKET
from shadow.profile.settings import Settings

_REGION = "us-east-1"  # no store looks at it, and boto3 wants one
_EXISTS = "EntityAlreadyExists"
_MOST_KEYS = 2  # of one user: AWS allows no more, other stores do not count


class ObjectStore:
    """Users, policies and keys, and how long artifacts are kept."""

    def __init__(self, settings: Settings) -> None:
        session = boto3.session.Session(settings.minio_access_key, settings.minio_secret_key, region_name=_REGION)
        # A repeated CreateAccessKey makes a second key, of which nobody ever knows.
        once = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})
        self._iam: Any = session.client("iam", endpoint_url=settings.iam_endpoint, config=once)
        self._s3: Any = session.client("s3", endpoint_url=settings.s3_endpoint, config=once)
        self._in_doubt: set[str] = set()  # namespaces of whose latest request for a key nobody knows what came of it

    def make_key(self, namespace: str) -> tuple[str, str]:
        """A new access key of the namespace's user, which may reach its own artifacts only. Raises StoreError."""
        try:
            self._make_user(namespace)
            policy = json.dumps(policy_for(namespace))
            self._iam.put_user_policy(UserName=namespace, PolicyName=f"{BUCKET}-{namespace}", PolicyDocument=policy)
            key = self._new_key(namespace)
        except ClientError as exc:
            raise StoreError(exc.response.get("Error", {}).get("Code", "refused")) from exc
        except (BotoCoreError, ResponseParserError) as exc:
            raise StoreError(_told(exc, self._iam)) from exc
        return key["AccessKeyId"], key["SecretAccessKey"]

    def keep_for(self, days: int) -> None:
        """Let artifacts expire. Raises StoreError."""
        rule = {
            "ID": "artifacts",
            "Status": "Enabled",
            "Filter": {"Prefix": "private-artifacts/"},
            "Expiration": {"Days": days},
        }
        try:
            self._s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
        except (ClientError, BotoCoreError, ResponseParserError) as exc:
            raise StoreError(_told(exc, self._s3)) from exc

    def _new_key(self, namespace: str) -> dict[str, str]:
        """A key whose answer is lost stays in the store, and nobody knows its secret: so not one more at each call.

        None is taken away either: it could be the one that somebody else has just made and is about to use.
        """
        if namespace in self._in_doubt:
            keys = self._iam.list_access_keys(UserName=namespace)["AccessKeyMetadata"]
            if len(keys) >= _MOST_KEYS:
                names = ", ".join(key["AccessKeyId"] for key in keys)
                raise StoreError(f"it has keys whose secret got lost: delete them ({names}) in the object store")
        self._in_doubt.add(namespace)
        try:
            key: dict[str, str] = self._iam.create_access_key(UserName=namespace)["AccessKey"]
        except ClientError as exc:
            if exc.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR:
                self._in_doubt.discard(namespace)  # a clear no
            raise
        self._in_doubt.discard(namespace)
        return key

    def _make_user(self, namespace: str) -> None:
        try:
            self._iam.create_user(UserName=namespace)
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") != _EXISTS:
                raise


def _told(exc: Exception, client: Any) -> str:
    """What failed and where. The exception's own text may hold the store's answer, and that a secret."""
    return f"{type(exc).__name__} at {urlsplit(client.meta.endpoint_url).netloc.rpartition('@')[2]}"


def policy_for(namespace: str) -> dict[str, Any]:
    """What a namespace's user may do: anything to its own artifacts, and nothing to those of others."""
    own = f"private-artifacts/{namespace}/*"
    bucket = f"arn:aws:s3:::{BUCKET}"
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": objects, "Resource": f"{bucket}/{own}"},
            {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": bucket},
            {
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": bucket,
                "Condition": {"StringLike": {"s3:prefix": own}},
            },
        ],
    }
