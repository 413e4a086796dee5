"""What a value is: something that names a secret or says where it is kept, a word, or what may be the secret itself.

All take folded text (see `folding`)."""

from __future__ import annotations

import re

from bot.redaction.wordlists import words

_TEMPLATE = re.compile(
    r"\$\{\{[^\n]{0,200}?\}\}|\{\{[^\n]{0,200}?\}\}|\{%[^\n]{0,200}?%\}|[$#]\{[^{}\n]{0,200}\}#?|\$\([^()\n]{0,200}\)"
    r"|<%[^\n]{0,200}?%>|%[A-Za-z][^%\s]{0,120}%|@[A-Za-z][\w.-]{0,80}@|\[\[[^\[\]\n]{0,80}\]\]|__[A-Z][A-Z0-9_]{1,80}__|\{[A-Za-z_][\w.!]{0,80}\}"
)
DEFAULT = re.compile(r"\$\{[\w.\-]{1,80}(?::-|:=|:)(?P<value>[^{}$\n]{1,200})\}")  # ${DB_PASSWORD:-hunter2}
_MARKS = re.compile(
    r"[*xX.•·#_?=\-…●∙█+]{3,}|\.\.\.?|[xX*]+|<[^<>\n]{0,120}>?|\[[A-Za-z][\w \-]{1,60}\]|\[\]|\{\}|\{[A-Za-z][\w.\-]{0,60}\}"
    r"|\(.{0,60}\)|«.{0,60}»"
)
_ATOMS = words("values", "atoms")
# Words that stand where a secret will be, kinds and settings.
_EXAMPLES = re.compile(
    r"(?:change|replace|fill|insert|enter|put|set|add|use|paste|type|provide|specify)[ _.-]?"
    r"(?:me|it|this|your|here|in|later|the|a)\b.*(?<!\d)"
    r"|changeme[._!-]?|changeit|replaceme\w{0,6}|your[ _.-]?\w.*|.{0,30}[ _.-](?:goes[ _.-])?here|my[_-]?(?:password|secret|token|api[_-]?key|key)"
    r"|(?:an?|the|some|any)?[ _.-]?(?:example|sample|dummy|placeholder|fake|mock)[ _.-]?"
    r"(?:password|passwd|secret|token|key|api[_-]?key|value|only)?"
    r"|(?:to[ _-]?be[ _-]?)?(?:redacted|masked|hidden|removed|filled|defined|generated|provided|set|replaced|rotated)"
    r"|todo|tbd|fixme|wip|redacted|censored|sanitized|unset|not[ _-]?(?:set|set[ _-]?here|defined|needed|required|used)"
    r"|secret|secrets|password|passwords|passwd|passphrase|token|tokens|apikey|api[_-]key|key|keys|credential|credentials"
    r"|kennwort|passwort|geheimnis|schlussel|jeton|mot[ _-]?de[ _-]?passe|pwd|pass|pw"
    r"|foo|bar|baz|foobar|lorem|ipsum|abc|value|wert|valeur"
    r"|string|str|text|number|integer|int|boolean|bool|object|array|list|map|binary|date|uuid|json|yaml|base64|bytes"
    r"|strict|lax|strong|weak|medium|low|high|complex|simple|required|optional|mandatory|default|custom|auto|automatic"
    r"|manual|managed|generated|random|rotated?|rotating|static|dynamic|internal|external|enabled?|disabled?|opaque"
    r"|env|environment|file|vault|keyvault|key-vault|hashicorp|sealed|kubernetes|k8s|basic|bearer|oauth2?|oidc|saml|jwt"
    r"|kerberos|ldap|scram|mtls|tls|ssl|plain|prompt|stdin|interactive|empty|blank|unknown|missing|invalid|expired|wrong"
    r"|incorrect|never|always|daily|weekly|monthly|sensitive|write-?only|read-?only|header|cookie|query|body|client|server"
    r"|user|username|admin-?only|refresh|access|id|name|encrypted|hashed|bcrypt|argon2|present|absent|ignored?|inherit|all"
    r"|any|both|self|projected|volume|secretref|valuefrom|identity|workload|msi|sso|see.{0,60}",
    re.IGNORECASE,
)
_SCHEMES = (
    r"vault|kv|kv2|op|arn|ref\+\w+|file|env|secret|secrets|secretref|secretsmanager|ssm|aws-sm|aws-ssm|awssm|gcp-?sm|sm|gcp"
    r"|azkv|azurekv|akv|keyvault|key-vault|akeyless|doppler|infisical|bitwarden|bw|lastpass|conjur|k8s|kubernetes"
    r"|configmap|pass|gopass|keyring|sops|bao|openbao|https?|git|ssh|oci|docker|s3|gs|tcp|mailto|urn"
)
_POINTER = re.compile(
    rf"(?:{_SCHEMES}):(?!//[^\s/@]*:[^\s/@]+@)(?://)?[\w.%/@#:?=&+~,\-]+"
    r"|![A-Za-z]+(?:[ :]\S+)?|projects/[\w.-]+/secrets/\S+|@Microsoft\.KeyVault\(.*|AWS::\S+|\$[A-Za-z_]\w*(?::\w+)?|\$\w+\.[\w.]+|%\w+%"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    r"|ENC[\[(].*|\{(?:cipher|vault|ref)\}.*|\$ANSIBLE_VAULT.*|vault:v\d+:.*|sha(?:1|224|256|384|512)[:-].+|md5:.+"
    r"|\$\(.*|\$\{[^}]*|<[^>]*|\{\{.*|<%.*|\$\{\w+:?\?.*|[\w./-]+\.[a-z]{2,5}#[\w-]+|[A-Za-z]+'[a-z]{1,2}"
    r"|ssh-(?:rsa|ed25519|dss) AAAA.*|ecdsa-sha2-\S+ AAAA.*|LS0tLS1CRUdJTiBD.*|LS0tLS1CRUdJTiBQVUJ.*"
    r"|-----BEGIN (?:[A-Z0-9 ]{0,20}CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|SSH2 PUBLIC KEY|PGP PUBLIC KEY|PGP MESSAGE"
    r"|CERTIFICATE REQUEST|X509 CRL).*",
    re.DOTALL,
)
_CODE = re.compile(
    r"[A-Za-z_$][A-Za-z_]*(?:(?:\.|::|->|\?\.)[A-Za-z_]+)+(?:[(\[].*)?;?|[A-Za-z_]\w{1,60}\([^()]{0,200}\)+;?|[A-Za-z_]{3,60}\(.*|[A-Za-z]\w*[._]\w[\w.]*\(.*"
    r"|[A-Za-z_.]+\[[\w., \[\]|\"']*\]?"
    r"|(?:var|local|data|module|each|self|this|args|config|settings|process|os|env|secrets|vars|inputs|params|parameters"
    r"|steps|needs|github|Values|item|ansible|hiera|node|lookup|System|request|req|props|state)[.\[(]\S*",
    re.DOTALL,
)
_SEGMENT = r"(?:[a-z0-9._@~%{}$-]{1,60}|[A-Z][a-z]{1,30}|[A-Z][A-Z0-9_]{0,40}|[a-z]+(?:[A-Z][a-z]+){1,5})"
_PATH = re.compile(
    rf"(?:~|\.{{1,2}}|[A-Za-z]:)?[/\\]{_SEGMENT}(?:[/\\]+{_SEGMENT})*[/\\]?|{_SEGMENT}(?:[/]{_SEGMENT})+(?:[#:]{_SEGMENT})?/?"
    r"|[\w-]+\.(?:pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|env|properties|conf|cfg|ini|toml|xml|gpg|asc|keytab|pub|sh|py"
    r"|md|kdbx|sql|log|tf)"
)
_LOGIN = re.compile(r"[a-z][\w+.-]*://[^\s/:@]*:(?P<password>[^\s@]+)@", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLAIN_DATA = re.compile(
    r"v?\d+(?:[.:,_-]\d+)*(?:[.-]?(?:alpha|beta|rc|snapshot|final|release|ga|sp)[.-]?\d*)?|\d+(?:\.\d+)?\s?[a-zA-Zµ%]{1,7}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?|P(?:T?\d+[YMWDHS])+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?-i:(?:[a-z0-9][a-z0-9_-]*\.)+[a-z]{2,12}(?::\d{2,5})?(?:/\S*)?)|\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?"
    r"|(?:sha|md|aes|rsa|hmac|scram|utf|base|iso|rfc|pbkdf|argon|oauth|tls|ssl|http|ec|hs|rs|es|ps|ed|x|ora|sch|yaml)"
    r"[_-]?\d{1,5}(?:[_.-]\w{1,8}){0,3}|(?-i:[A-Z]{2,10})-\d{1,8}|SCRAM-SHA-\d+|(?:RS|HS|ES|PS)\d{3}|AES\d*[-_/]\w+(?:[-_/]\w+)*",
    re.IGNORECASE,
)
NOUNS_IN_NAMES = (
    r"password|passwort|passwd|pwd|passphrase|secrets?|tokens?|keys?|credentials?|creds?|certs?|tls|ssl|auth|vault|apikey"
    r"|kennwort|mdp|jeton|config|conf|ref|kv|regcred|registry|pull|db|user|login|access"
)
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_./][a-z0-9]+)+|[a-z]+(?:[A-Z][a-z]+)+")
_CAMEL = re.compile(r"(?:[A-Za-z]?[a-z]+|[A-Z]{2,5})(?:[-_./]?(?:[A-Z][a-z]+|[A-Z]{2,5}|[a-z]+))+")
# Summer2026, Blue-Whale7; but neither "v2" nor "app-v2-db01".
_WORD_AND_NUMBER = re.compile(
    r"(?:[A-Z][a-z]{2,}[-_.]){1,3}(?:[A-Z][a-z]{2,}\d{1,6}|\d{2,6})|[A-Za-z]{5,}\d{1,6}|[A-Za-z]{3,4}\d{2,6}"
)
_BOASTS = words("values", "boasts")


def is_reference(value: str) -> bool:
    """Whether it names a secret, points to one, or only stands where one will be."""
    value = value.strip()
    if len(value) < 2 or value.lower() in _ATOMS or _MARKS.fullmatch(value) or _EXAMPLES.fullmatch(value):
        return True
    login = _LOGIN.match(value)
    if login:
        return is_reference(login["password"])
    rest = _TEMPLATE.sub("", value)
    if rest != value and not looks_random(rest.strip(" -_./:@")):
        return True
    return bool(
        _POINTER.fullmatch(value)
        or _CODE.fullmatch(value)
        or (_PATH.fullmatch(value) and ("/" in value or "\\" in value or "." in value) and not _has_dense_part(value))
    )


def is_name(value: str) -> bool:
    """Such as "db-password", "github-token" or "kafka-credentials": the name of a secret, in lower-case words."""
    if not _NAME.fullmatch(value):
        return False
    parts = re.findall(r"[a-z]+|[A-Z][a-z]+|\d+", value)
    if any(part.isdigit() and len(part) > 4 for part in parts) or _BOASTS & {part.lower() for part in parts}:
        return False
    return _wordy(value)


def names_a_secret(value: str) -> bool:
    """A name with the word for a secret in it."""
    return is_name(value) and bool(
        re.search(rf"(?:^|[-_./]|(?<=[a-z]))(?:{NOUNS_IN_NAMES})(?:$|[-_./A-Z])", value, re.IGNORECASE)
    )


def looks_random(value: str) -> bool:
    """Whether nobody would write it as a name, a number, an address or a date."""
    value = value.strip()
    if len(value) < 6 or " " in value or _UUID.fullmatch(value) or _PLAIN_DATA.fullmatch(value):
        return False
    lower, upper = bool(re.search(r"[a-z]", value)), bool(re.search(r"[A-Z]", value))
    digits = sum(c.isdigit() for c in value)
    odd = bool(re.search(r"[^\w\s.:/,-]", value))
    if not (lower or upper) or (not digits and not odd):
        return (
            len(value) >= 20
            and lower
            and upper
            and not _CAMEL.fullmatch(value)
            and "." not in value
            and "/" not in value
        )
    if _wordy(value) and not odd:
        return False
    if odd:
        return bool(digits) or (lower and upper)
    return (lower and upper) or (len(value) >= 12 and digits >= 3)


def looks_chosen(value: str) -> bool:
    """As a person would make up a password: letters with digits, signs or capitals inside."""
    value = value.strip()
    if len(value) < 4 or _PLAIN_DATA.fullmatch(value) or _UUID.fullmatch(value):
        return False
    if not re.search(r"[A-Za-z]", value):
        return len(value) >= 6 and value.isdigit()
    if re.search(r"[!@#$%^&*+=~?]", value[:-1]):
        return True
    if is_name(value) or _wordy(value):
        return bool(_WORD_AND_NUMBER.fullmatch(value))
    if _CAMEL.fullmatch(value) or re.fullmatch(r"(?:[A-Z]+[a-z]+\d?){2,}", value):
        return False
    return bool(re.search(r"\d", value)) or bool(re.search(r"[a-z][A-Z]", value))


def is_uuid(value: str) -> bool:
    return bool(_UUID.fullmatch(value.strip()))


def _wordy(value: str) -> bool:
    """Made of words, short numbers and versions: "app-v2-db01", "payments.prod.eu"."""
    parts = [part for part in re.split(r"[-_./:,]", value) if part]
    return all(
        re.fullmatch(r"[A-Za-z]?[a-z]{0,20}\d{0,4}|[A-Z]{1,20}\d{0,3}|\d{1,4}|[a-z]+(?:[A-Z][a-z]+)+", p) for p in parts
    )


def _has_dense_part(value: str) -> bool:
    return any(
        len(part) >= 16 and re.search(r"[a-z]", part) and re.search(r"[A-Z]", part) and re.search(r"\d", part)
        for part in re.split(r"[/\\.]", value)
    ) or (
        "\\" not in value
        and value.count("/") < 2
        and "." not in value
        and "/" in value
        and looks_random(value.replace("/", ""))
    )
