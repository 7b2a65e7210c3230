"""A value planted in each spelling is covered by a span, harmless text has none, and no text takes for ever."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.redact import Redactor
from shadow.secretnames import nothing_secret
from shadow.secrettext import spans

P = "fake-planted"
"""Stands for the secret; it must be in no text once its spans are taken out."""


def without_secrets(text: str) -> str:
    pieces, at = [], 0
    for start, end in spans(text):
        pieces.append(text[at:start])
        at = end
    return "<>".join([*pieces, text[at:]])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"mysql -p{P} -h db", "mysql -p<> -h db"),
        (f"mysql -u root -p {P}", "mysql -u root -p <>"),
        (f"-p{P}", "-p<>"),
        (f"sshpass -p '{P} x' ssh h", "sshpass -p '<>' ssh h"),
        (f"curl -u me:{P} http://h", "curl -u me:<> http://h"),
        (f"curl -sS -u 'me:{P}' http://h", "curl -sS -u 'me:<>' http://h"),
        (f"curl -ume:{P} http://h", "curl -ume:<> http://h"),
        (f"curl --user=me:{P}", "curl --user=me:<>"),
        (f"curl --proxy-user me:{P}", "curl --proxy-user me:<>"),
        (f"serve --token={P} -v", "serve --token=<> -v"),
        (f"serve --token \\\n   {P} -v", "serve --token \\\n   <> -v"),
        (f"DB_PASS={P}", "DB_PASS=<>"),
        (f"a=b\nexport PGPASSWORD={P} and more\nc=d", "a=b\nexport PGPASSWORD=<>\nc=d"),
        (f"MYSQL_PWD='{P} x'", "MYSQL_PWD='<>'"),
        (f"[db]\nuser = me\npassword = {P} x\nhost = h", "[db]\nuser = me\npassword = <>\nhost = h"),
        (f'password = "{P}\\" {P}"', 'password = "<>"'),
        (f"spring.datasource.password={P}", "spring.datasource.password=<>"),
        (f"//registry.npmjs.org/:_authToken={P}", "//registry.npmjs.org/:_authToken=<>"),
        (f"Server=h;AccountKey={P};Database=d", "Server=h;AccountKey=<>;Database=d"),
        (f"https://h/?key={P}&x=1", "https://h/?key=<>&x=1"),
        (f"password := {P}", "password := <>"),
        (f"postgres://me:{P}@h/d", "postgres://<>@h/d"),
        (f"postgres://me:ab/{P}@h/d", "postgres://<>@h/d"),
        (f"postgres://me:{P}/c?d#e@h/d", "postgres://<>@h/d"),
        (f"amqp://me:{P}@h1/v,amqp://me:{P}@h2/v", "amqp://<>@h1/v,amqp://<>@h2/v"),
        (f"redis://:{P}@h:6379/0", "redis://<>@h:6379/0"),
        (f"https://{P}@github.com/a/b.git", "https://<>@github.com/a/b.git"),
        (f"a: b\npassword: |\n  {P}\n  {P}: x\n\n  {P}\nc: d", "a: b\npassword: |\n  <>\nc: d"),
        (f"a: b\npassword: >-\n  {P}\nc: d", "a: b\npassword: >-\n  <>\nc: d"),
        (f"password: !!str |2-  # x\n  {P}: 1\nc: d", "password: !!str |2-  # x\n  <>\nc: d"),
        (f"password:\n  {P}\n  {P}\nc: d", "password:\n  <>\nc: d"),
        (f"password: fake\n  {P}\nc: d", "password: <>\nc: d"),
        (f'password: "fake\n  {P}"\nc: d', 'password: "<>"\nc: d'),
        (f"password: 'it''s {P}'\nc: d", "password: '<>'\nc: d"),
        (f"password: '{P}", "password: '<>"),
        (f"passphrase: some {P} words\nc: d", "passphrase: <>\nc: d"),
        (f"passwords:\n- {P}\n- {P}\nc: d", "passwords:\n- <>\nc: d"),
        (f"passwords: [{P}, {P}]", "passwords: [<>]"),
        (f"users:\n  - name: a\n    password: {P}\n  - name: b", "users:\n  - name: a\n    password: <>\n  - name: b"),
        (f"- password: {P}\n  user: u", "- password: <>\n  user: u"),
        (f"credentials: {{pass: {P}}}", "credentials: {pass: <>}"),
        (f"db: {{user: u, pass: {P} x, port: 1}}", "db: {user: u, pass: <>, port: 1}"),
        (f"credentials:\n  pass: {P}\n", "credentials:\n  pass: <>\n"),
        (f'config: "{{\\"password\\": \\"{P}\\"}}"', 'config: "{\\"password\\": \\"<>\\"}"'),
        (f'{{"token": "{P}", broken', '{"token": "<>", broken'),
        (f"x\r\npassword: {P}\r\ny: z", "x\r\npassword: <>\ny: z"),
        (f'curl -H "X-Vault-Token: {P}" h', 'curl -H "X-Vault-Token: <>" h'),
        (f"Authorization: Basic {P}\nHost: h", "Authorization: <>\nHost: h"),
        (f"sent Bearer {P} there", "sent Bearer <> there"),
        (f"CREATE USER u WITH PASSWORD '{P}';", "CREATE USER u WITH PASSWORD '<>';"),
        (f"create user u identified by '{P}'", "create user u identified by '<>'"),
        (f"requirepass {P}\nport 1", "requirepass <>\nport 1"),
        (f"redis-server --requirepass {P}", "redis-server --requirepass <>"),
        (f"redis-cli -h db -a {P} ping", "redis-cli -h db -a <> ping"),
        (f"exec /usr/bin/redis-cli -a '{P} x' ping", "exec /usr/bin/redis-cli -a '<>' ping"),
        (f"mysqldump -h db -pass{P} shop", "mysqldump -h db -p<> shop"),
        (f"<db><password>{P}</password><user>u</user></db>", "<db><password><></password><user>u</user></db>"),
        (f'<c:clientSecret enc="no">\n {P}\n</c:clientSecret>', '<c:clientSecret enc="no">\n <></c:clientSecret>'),
        (f"<token><![CDATA[{P} < {P}]]></token>", "<token><></token>"),
        (f"machine h login me password {P}\nmachine i", "machine h login me password <>\nmachine i"),
        (f"default\n  login me\n  password {P}\n", "default\n  login me\n  password <>\n"),
        (f"# c\ndb.x:5432:shop:me:{P}:y\n*:*:*:me:{P}", "# c\ndb.x:5432:shop:me:<>\n*:*:*:me:<>"),
        (f"db.x:15433:shop:me:{P}", "db.x:15433:shop:me:<>"),
        (f"env:\n- name: DB_PASSWORD\n  value: {P}\n- name: A\n  value: b",
         "env:\n- name: DB_PASSWORD\n  value: <>\n- name: A\n  value: b"),
        (f"env: [{{name: DB_PASSWORD, value: {P}}}]", "env: [{name: DB_PASSWORD, value: <>}]"),
        (f'<p name="x.ConnectionPassword" value="{P}"/>', '<p name="x.ConnectionPassword" value="<>"/>'),
        (f"<name>fs.s3a.secret.key</name>\n<value>{P}</value>", "<name>fs.s3a.secret.key</name>\n<value><></value>"),
        (f"credentials:\n  alice: {P}\n  secretName: s\n  bob:\n    x: {P}\nc: d",
         "credentials:\n  alice: <>\n  secretName: s\n  bob:\n    x: <>\nc: d"),
        (f"credentials: {{alice: {P}, name: s}}", "credentials: {alice: <>, name: s}"),
        (f"client-key-data: {P}", "client-key-data: <>"),
        (f"a: b\ndb.password : {P}", "a: b\ndb.password : <>"),
        (f"db.password {P}\nx.y z", "db.password <>\nx.y z"),
        (f"db.password=\\\n  {P}\nx=y", "db.password=\\\n  <>\nx=y"),
        (f'"password" = "{P}"', '"password" = "<>"'),
        (f'password = """\n{P}\n"""', 'password = """<>"""'),
        (f"conf['password'] = '{P}'", "conf['password'] = '<>'"),
        (f'Config{{Password:"{P}"}}', 'Config{Password:"<>"}'),
        (f"CREATE USER a IDENTIFIED WITH p BY '{P}'", "CREATE USER a IDENTIFIED WITH p BY '<>'"),
        (f"SET PASSWORD FOR x = '{P}';", "SET PASSWORD FOR x = '<>';"),
        (f"login --password -{P} --verbose", "login --password <> --verbose"),
        (f"webhookSecret: {P}\nencryptionKey = {P}", "webhookSecret: <>\nencryptionKey = <>"),
        (f"FROM a\nENV DB_PASSWORD {P}", "FROM a\nENV DB_PASSWORD <>"),
        (f"proxy_set_header X-Api-Key {P}", "proxy_set_header X-Api-Key <>"),
        (f"echo ${{DB_PASSWORD:-{P}}}", "echo ${DB_PASSWORD:-<>}"),
        (f"https://h/c?sv=1&sig={P}&x=1", "https://h/c?sv=1&sig=<>&x=1"),
        (f"jdbc:oracle:thin:scott/{P}@//h:1521/db", "jdbc:oracle:thin:scott/<>@//h:1521/db"),
        ("log in failed: password is Fake1Planted now", "log in failed: password is <> now"),
        ("eyJhbGciOiJmYWtlIn0.eyJzdWIiOiJmYWtlIn0.fake-sig", "eyJhbGciOiJmYWtlIn0.eyJ<>"),
        ("use ghp_fake567890123456 there", "use ghp_<> there"),
        (f"define('DB_PASSWORD', '{P}');", "define('DB_PASSWORD', '<>');"),
        ("https://hooks.slack.com/services/FAKE/PLANTED", "https://hooks.slack.com/services/<>"),
        (f"GITHUB_PAT={P}", "GITHUB_PAT=<>"),
        (f"env:\n- value: {P}\n  name: DB_PASSWORD\n- value: b\n  name: A",
         "env:\n- value: <>\n  name: DB_PASSWORD\n- value: b\n  name: A"),
        (f"[credentials]\nalice = {P}\npath = /x\n[x]\na = b", "[credentials]\nalice = <>\npath = /x\n[x]\na = b"),
        (f'[tokens]\na = "{P}"\n# b\nc = \'{P}\'', '[tokens]\na = "<>"\n# b\nc = \'<>\''),
        (f'<x name="db.password">{P}</x><x name="host">h</x>', '<x name="db.password"><></x><x name="host">h</x>'),
        ("github_pat_fake567890123456", "github_pat_<>"),
        (f"kind: Template\nstringData:\n  alice: {P}", "kind: Template\nstringData:\n  alice: <>"),
        (f'<property name="password">\n <value>{P}</value></property>',
         '<property name="password">\n <value><></value></property>'),
        (f"me:{P}@tcp(db:3306)/shop", "me:<>@tcp(db:3306)/shop"),
        (f"openssl rsa -passin pass:{P} -in k", "openssl rsa -passin pass:<> -in k"),
        ("alice:$apr1$fakesalt$fakehash\nbob", "alice:$apr1$<>\nbob"),
        (f"secret_key_base: {P}", "secret_key_base: <>"),
        (f'{{".dockerconfigjson": "{P}"}}', '{".dockerconfigjson": "<>"}'),
    ],
)  # fmt: skip
def test_a_secret_is_covered_and_nothing_else(text, left):
    assert without_secrets(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "mkdir -p data/x && cp -p a b", "docker run -p 8080:80/tcp -p 53 x", "serve -port=80 -profile fast -path /x",
        "ssh -p 2222 h", "id -u 1000:1000", "docker run --user 1000:1000 x", "find . -print -prune",
        "a: b\nkey: c\nsecretName: minio\n", "--token-file=/var/run/token --secret-name=mine", "if token == 3",
        "http://h:80/a@sha256:abc", "registry:5000/a/b@sha256:abc", "cannot read the token: permission denied",
        "token:\nnext: 1", "password: {}", "password:\n  valueFrom:\n    name: x", "password=", "author=me", "a - b",
        "the password is not shown", "monkey=1", "bypass: true", "compass: north",
        "<name>x</name><port>80</port>", "<password/>", "<password></password>", "the default password is set",
        "credentials:\n  secretName: x\n  key: k\nc: d", "existingSecret: minio", "the token expires soon",
        "env:\n- name: HOST\n  value: db", "- key: app\n  value: x", "a: b\nv1.2 x",
        "password and Passphrase", "name: token",
        "fe80:1234:a:b:c", "a.b:80:c:d:e", "imagePullSecrets:\n- name: x", "echo ${HOST:-x}",
        "ls -a x", "find . -a -name y", "02:42:ac:11:00:02", "2026-11-23T21:03:21: a: b", "::1:5432:x",
    ],
)  # fmt: skip
def test_what_is_harmless_is_left_alone(text):
    assert spans(text) == []


_PIECES = st.sampled_from(
    [
        "password", "pass", "token", "x", ":", ": ", "=", " = ", "-", "--", "-p", "- ", " ", "  ", "\n", "\n  ", "|",
        '"', "'", "''", '\\"', "{", "}", "[", "]", ",", "://", "@", "/", "80", "u:p", "bearer ", "fake-word", "é",
        "<redacted:0123abcd:4>", "identified by ", "-u ",
        "redis-cli -a ", "mysql -p", "<password>", "</", ":5432:",
        "hooks.slack.com/a/", "define(", "_PAT", ", ",
        "name", "value", "credentials", "sig=", ".eyJ", "ghp_", "glpat-", "Fake1", "${", ":-",
        "machine h ", "login ", "#", ">-", "\\", "&", ";",
    ]
)  # fmt: skip
_TEXTS = st.lists(_PIECES, max_size=14).map("".join)


@given(_TEXTS)
def test_spans_are_in_order_within_the_text_and_empty_nowhere(text):
    at = 0
    for start, end in spans(text):
        assert at <= start < end <= len(text)
        at = end


@given(_TEXTS)
def test_where_a_glance_finds_nothing_there_is_no_span(text):
    redactor = Redactor(b"key", ["nowhere"])
    if nothing_secret(f'{{"x":"{text}"}}'.encode()):
        assert redactor.text(text) == text


_MANY = 20_000


@pytest.mark.parametrize(
    "text",
    [
        "password=" * _MANY, "://" * _MANY + "@", "://a:" * _MANY, "bearer " * _MANY, "a" * _MANY * 20 + "=",
        "-" * _MANY * 10, "{" * _MANY * 4 + ":", "\n" + " " * _MANY * 10 + ": ", "- " * _MANY * 4 + "token: ",
        '"' + "token" * _MANY + '":', "kind" + "\n-" * _MANY * 4, "token: '\"" * _MANY, 'token: "' * _MANY,
        "token:\n " * _MANY, "".join("token:\n" + " " * (n % 50) for n in range(_MANY)), "token: |\n" * _MANY,
        "password: [" * _MANY, "-u a:" * _MANY, "-u " + "a" * _MANY * 5, "-p " * _MANY, "--token \\\n" * _MANY,
        "identified" + " " * _MANY * 5, "export " * _MANY, "\\" * _MANY * 5 + '"', "password '" * _MANY,
        "x = " * _MANY, "<password>" * _MANY, "<token " * _MANY, "<token><![CDATA[" * _MANY, "machine " * _MANY,
        "machine" + " a" * _MANY + " password", "a:5432:" * _MANY, "<" + "a" * _MANY * 10, "<a>" + " " * _MANY * 10,
        "name: token, value" * _MANY, "name: a\n" * _MANY, "credentials:\n a: {" * _MANY, "credentials: {a: " * _MANY,
        "credentials:\n" + " a: b\n" * _MANY, "credentials:\n" * _MANY, "a.b " * _MANY, "${a:-" * _MANY,
        "?sig=" * _MANY, "define('token', " * _MANY, "hooks.slack.com/" * _MANY,
        ".eyJ" * _MANY, "eyJ" + "a" * _MANY * 5, "<name>a</name>" * _MANY, "password A1a" * _MANY, "ghp_" * _MANY,
        "<name>a</name><value>" * _MANY, "set password for a" * _MANY, "identified with a by " * _MANY,
        "jdbc:oracle:a:b/" * _MANY, "x = " + '"""' * _MANY, "a=\\\n" * _MANY,
        "-value:" * _MANY + " name:", "[tokens]\na=b\n" * _MANY, "[tokens]\n" + "a\n" * _MANY, "<a key='b'" * _MANY,
        "<a key='b'>" * _MANY, "a:b@" * _MANY, "pass:" * _MANY, "$1$" * _MANY, "github_pat_" * _MANY,
        " " * _MANY * 10 + "=", "token:" + "\n \n" * _MANY, "{token: " * _MANY,
    ],
    ids=lambda text: repr(text[:16]),
)  # fmt: skip
def test_hostile_text_takes_no_quadratic_time(text):
    """Each takes milliseconds; what is quadratic in it would take minutes."""
    start = time.perf_counter()
    spans(text)
    assert time.perf_counter() - start < 20
