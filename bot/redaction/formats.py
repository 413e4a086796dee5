"""Secrets that can be told by their form alone, as the issuers document it; whatever stands around them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from functools import cache

from bot.redaction.spans import Found

_B = r"(?<![A-Za-z0-9_])"  # begins here
_E = r"(?![A-Za-z0-9_])"
# What it is called, a text without which the pattern need not be tried, and what it looks like. A group named "value" is the secret.
_TABLE: Sequence[tuple[str, str, str]] = (
    # keys in blocks; without an end, to the end of what looks like one
    ("private key", "-----BEGIN", r"-----BEGIN[ A-Z0-9]{0,30} PRIVATE KEY(?: BLOCK)?-----(?:(?!-----BEGIN)[\s\S]){0,20000}?(?:-----END[ A-Z0-9]{0,30} PRIVATE KEY(?: BLOCK)?-----|(?=-----BEGIN)|\Z)"),
    ("private key", "---- BEGIN SSH2", r"---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----[\s\S]{0,20000}?(?:---- END SSH2 (?:ENCRYPTED )?PRIVATE KEY ----|\Z)"),
    ("private key", "PuTTY-User-Key", r"(?m)^[ \t]*Private-Lines: ?\d+\s*\n(?P<value>(?:[ \t]*[A-Za-z0-9+/=]{4,}[ \t]*\n?){1,400}(?:[ \t]*Private-MAC: ?[0-9a-f]+)?)"),
    ("private key", "LS0tLS1CRUdJTi", _B + r"LS0tLS1CRUdJTi(?:BSU0E|BFQy|BQUkl|BPUEVOU1NI|BFTkNS|BEU0E|BQR1AgUFJJ)[A-Za-z0-9+/=_-]{16,}"),
    ("private key", "AGE-SECRET-KEY-", _B + r"AGE-SECRET-KEY-1[A-Za-z0-9]{40,70}"),
    # clouds
    ("aws key", "", _B + r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}" + _E),
    ("aws key", "ABSK", _B + r"ABSK[A-Za-z0-9+/]{100,}={0,2}"),
    ("aws secret key", "", r"(?i)(?:aws|amazon|secret)[\w.\- ]{0,30}?(?:key|secret|token)[\w.\-]{0,10}[\"']?\s{0,4}(?:[:=]|=>|is|\s)\s{0,4}[\"']?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"),
    ("azure account key", "AccountKey", r"AccountKey\s{0,3}[=:]\s{0,3}[\"']?(?P<value>[A-Za-z0-9+/]{40,}={0,2})"),
    ("azure access key", "SharedAccess", r"SharedAccess(?:Key|Signature)\s{0,3}[=:]\s{0,3}[\"']?(?P<value>[A-Za-z0-9+/%&=.\- ]{20,}?)(?=[;\"'\s]|$)"),
    ("azure client secret", "Q~", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])"),
    ("azure key", "", _B + r"[A-Za-z0-9+/]{76,80}(?:APIM|ACDb|\+(?:ABa|AMC|AST)|AzFu|AAAA|AzSe)[A-Za-z0-9+/]{5,10}={0,2}"),
    ("azure key", "AzSe", _B + r"[A-Za-z0-9]{42}AzSe[A-Z][A-Za-z0-9]{5}" + _E),
    ("azure key", "AzFu", _B + r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="),
    ("azure devops token", "AZDO", _B + r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}" + _E),
    ("signature", "", r"(?:^|[?&;\s])(?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|code|tempauth)=(?P<value>[A-Za-z0-9%+/_.~=-]{20,})"),
    ("google key", "AIza", _B + r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ("google token", "", _B + r"(?:ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{24,}|1//0[A-Za-z0-9_-]{40,})"),
    ("alibaba key", "LTAI", _B + r"LTAI[A-Za-z0-9]{12,24}" + _E),
    ("tencent key", "AKID", _B + r"AKID[A-Za-z0-9]{32,36}" + _E),
    ("yandex key", "", _B + r"(?:YC[A-Za-z0-9_-]{38}|t1\.[A-Z0-9a-z_-]+={0,2}\.[A-Z0-9a-z_-]{86}={0,2})" + _E),
    ("digitalocean token", "v1_", _B + r"do[opr]_v1_[a-f0-9]{64}" + _E),
    ("linode token", "linode", r"(?i)linode[\w.\- ]{0,20}?[:=]\s{0,4}[\"']?(?P<value>[a-f0-9]{64})" + _E),
    ("heroku key", "HRKU-", _B + r"HRKU-[A-Za-z0-9_-]{30,}"),
    ("fly token", "f", _B + r"(?:fo1_[\w-]{43}|fm[12][ar]?_[A-Za-z0-9+/=]{100,})"),
    ("vercel token", "vc", _B + r"vc[pkicr]_[A-Za-z0-9]{24,}" + _E),
    ("netlify token", "nf", _B + r"nf[pcoub]_[A-Za-z0-9]{36,}" + _E),
    ("supabase token", "sb", _B + r"(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{20,})"),
    ("planetscale token", "pscale_", _B + r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,}"),
    ("cloudflare token", "", _B + r"(?:v1\.0-[a-f0-9]{24}-[a-f0-9]{146}|cf(?:ut|at|k)_[A-Za-z0-9]{40,})"),
    # code and packages
    ("github token", "gh", _B + r"gh[pousr]_[A-Za-z0-9_]{20,255}(?:\.[A-Za-z0-9_-]{12,}){0,2}"),
    ("github token", "github_pat_", _B + r"github_pat_[A-Za-z0-9_]{22,255}"),
    ("gitlab token", "gl", _B + r"(?:glpat|gldt|glrt|glrtr|glft|glsoat|glcbt|glimt|glptt|glagent|gloas|glffct|glwt)-[A-Za-z0-9_.=-]{18,}"),
    ("sheriff token", "shf_", _B + r"shf_[0-9A-Za-z]{49}" + _E),
    ("gitlab token", "GR1348941", _B + r"GR1348941[A-Za-z0-9_-]{18,}"),
    ("bitbucket token", "", _B + r"(?:ATBB|ATCTT3xFfG)[A-Za-z0-9_=-]{24,}"),
    ("atlassian token", "ATATT", _B + r"ATATT3[A-Za-z0-9_=+/-]{40,}"),
    ("npm token", "npm_", _B + r"npm_[A-Za-z0-9]{30,}" + _E),
    ("npm token", "_auth", r"_auth(?:Token)?\s{0,3}=\s{0,3}[\"']?(?P<value>(?!\$)[A-Za-z0-9+/=_.-]{8,})"),
    ("pypi token", "pypi-", _B + r"pypi-[A-Za-z0-9_-]{50,}"),
    ("rubygems token", "rubygems_", _B + r"rubygems_[a-f0-9]{48}" + _E),
    ("nuget key", "oy2", _B + r"oy2[a-z0-9]{43}" + _E),
    ("crates token", "cio", _B + r"cio[A-Za-z0-9]{32}" + _E),
    ("clojars token", "CLOJARS_", _B + r"CLOJARS_[a-z0-9]{60}" + _E),
    ("docker token", "dckr_", _B + r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("artifactory token", "", _B + r"(?:AKCp[A-Za-z0-9]{50,}|cmVmd[A-Za-z0-9]{50,}|AKC[a-zA-Z0-9]{40,})" + _E),
    ("sonar token", "sq", _B + r"sq[apu]_[a-f0-9]{40}" + _E),
    ("snyk token", "snyk", r"(?i)snyk[\w.\- ]{0,20}?[:=]\s{0,4}[\"']?(?P<value>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})" + _E),
    ("circleci token", "CCI", _B + r"CCIP(?:AT|RJ)_[A-Za-z0-9_]{22,}"),
    ("buildkite token", "bk", _B + r"bk(?:ua|aj|pt|ct)_[a-f0-9A-Za-z]{40,}" + _E),
    ("terraform token", ".atlasv1.", _B + r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    ("pulumi token", "pul-", _B + r"pul-[a-f0-9]{40}" + _E),
    ("scalingo token", "tk-us-", _B + r"tk-us-[\w-]{48}"),
    ("prefect token", "pn", _B + r"pn[ub]_[A-Za-z0-9]{36}" + _E),
    ("postman key", "PMAK-", _B + r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("readme key", "rdme_", _B + r"rdme_[a-z0-9]{70}"),
    ("duffel token", "duffel_", _B + r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}"),
    ("easypost key", "EZ", _B + r"EZ[AT]K[A-Za-z0-9]{54}" + _E),
    ("frameio token", "fio-u-", _B + r"fio-u-[A-Za-z0-9_=-]{64}"),
    # running things
    ("vault token", "hv", _B + r"hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    ("vault token", "s.", r"(?<![A-Za-z0-9_./-])[sb]\.[A-Za-z0-9]{24}(?![A-Za-z0-9.])"),
    ("databricks token", "dapi", _B + r"dapi[a-f0-9]{32}(?:-\d)?" + _E),
    ("databricks secret", "dose", _B + r"dose[a-f0-9]{32}" + _E),
    ("grafana token", "gl", _B + r"gl(?:sa|c)_[A-Za-z0-9+/=_]{32,}"),
    ("grafana key", "eyJrIjoi", _B + r"eyJrIjoi[A-Za-z0-9+/=]{40,}"),
    ("new relic key", "NR", _B + r"(?:NRAK-[A-Z0-9]{27}|NRAA-[a-f0-9]{27}|NRII-[A-Za-z0-9-]{32}|NRRA-[a-f0-9]{42}|NRJS-[a-f0-9]{19}|NRBR-[a-f0-9]{19})" + _E),
    ("new relic key", "NRAL", _B + r"[a-f0-9]{36}NRAL" + _E),
    ("datadog key", "dd", r"(?i)(?:datadog|\bdd)[\w.\- ]{0,25}?[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<value>[a-f0-9]{32}(?:[a-f0-9]{8})?)" + _E),
    ("datadog key", "dd", _B + r"dd(?:ap|p|s)_[A-Za-z0-9]{30,}" + _E),
    ("splunk token", "splunk", r"(?i)(?:splunk|hec)[\w.\- ]{0,40}?[\"']?\s{0,4}[: =]\s{0,4}[\"']?(?P<value>[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})" + _E),
    ("splunk token", "Splunk ", r"\bSplunk (?P<value>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"),
    ("dynatrace token", "dt0", _B + r"dt0[a-zA-Z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}" + _E),
    ("sentry token", "sntry", _B + r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    ("sentry dsn", "@", r"https?://(?P<value>[a-f0-9]{32}(?::[a-f0-9]{32})?)@[\w.-]{0,60}sentry"),
    ("honeycomb key", "hc", _B + r"hc[abx](?:ik|lk|mk)_[a-z0-9]{50,}" + _E),
    ("pagerduty key", "pagerduty", r"(?i)pagerduty[\w.\- ]{0,30}?[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<value>[A-Za-z0-9+_-]{20,32})(?![\w-])"),
    ("opsgenie key", "opsgenie", r"(?i)opsgenie[\w.\- ]{0,30}?[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<value>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})" + _E),
    ("openshift token", "sha256~", _B + r"sha256~[A-Za-z0-9_-]{43}" + _E),
    ("bootstrap token", ".", r"(?i)(?:--token|bootstrap[ -]?token)\W{1,4}(?P<value>[a-z0-9]{6}\.[a-z0-9]{16})" + _E),
    ("doppler token", "dp.", _B + r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{40,44}" + _E),
    ("infracost key", "ico-", _B + r"ico-[A-Za-z0-9]{32}" + _E),
    ("harness token", "pat.", _B + r"[ps]at\.[A-Za-z0-9_-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}" + _E),
    ("1password token", "ops_", _B + r"ops_eyJ[A-Za-z0-9+/=_-]{100,}"),
    ("1password key", "A3-", _B + r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}" + _E),
    ("tailscale key", "tskey-", _B + r"tskey-[a-z]{2,10}-[A-Za-z0-9]{6,}(?:-[A-Za-z0-9]{8,})?"),
    ("confluent secret", "cflt", _B + r"cflt[A-Za-z0-9+/]{50,}"),
    ("flutterwave key", "FLW", _B + r"FLW(?:SEC|PUB)(?:K)?(?:_TEST)?-[a-h0-9]{12,32}(?:-X)?" + _E),
    # people and messages
    ("slack token", "xox", r"xox[a-z](?:-|\.xox[a-z]-)[A-Za-z0-9-]{8,}"),
    ("slack token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,}"),
    ("webhook", "hooks.slack", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<value>[A-Za-z0-9+/_-]{20,})"),
    ("webhook", "webhook", r"webhook\.office(?:365)?\.com/webhookb?2?/(?P<value>[A-Za-z0-9@/-]{30,})"),
    ("webhook", "outlook.office", r"outlook\.office\.com/webhook/(?P<value>[A-Za-z0-9@/-]{30,})"),
    ("webhook", "discord", r"discord(?:app)?\.com/api/webhooks/\d+/(?P<value>[A-Za-z0-9_-]{30,})"),
    ("discord token", ".", _B + r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![\w-])"),
    ("telegram token", ":", r"(?<!\d)\d{8,10}:A[A-Za-z0-9_-]{33,35}(?![A-Za-z0-9_-])"),
    ("twilio key", "SK", _B + r"SK[0-9a-f]{32}" + _E),
    ("twilio sid", "AC", _B + r"AC[0-9a-f]{32}" + _E),
    ("twilio token", "twilio", r"(?i)twilio[\w.\- ]{0,25}?[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<value>[0-9a-f]{32})" + _E),
    ("sendgrid key", "SG.", _B + r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("sendinblue key", "xkeysib-", r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("mailgun key", "key-", _B + r"(?:key|pubkey)-[a-f0-9]{32}(?:-[a-f0-9]{8}-[a-f0-9]{8})?" + _E),
    ("mailgun key", "-", _B + r"[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}" + _E),
    ("mailchimp key", "-us", _B + r"[0-9a-f]{32}-us\d{1,2}" + _E),
    ("mandrill key", "md-", _B + r"md-[A-Za-z0-9_-]{22}" + _E),
    # money and shops
    ("stripe key", "_", _B + r"(?:sk|rk|pk)_(?:live|test|prod)_[A-Za-z0-9]{10,}" + _E),
    ("stripe secret", "whsec_", _B + r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("square token", "sq0", _B + r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}"),
    ("square token", "EAAA", _B + r"EAAA[A-Za-z0-9_-]{60}(?![\w-])"),
    ("paypal token", "access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    ("amazon mws token", "amzn.mws", r"amzn\.mws\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("shopify token", "shp", _B + r"shp(?:at|ca|pa|ss|ua|tka)_[A-Fa-f0-9]{32}" + _E),
    ("plaid token", "access-", _B + r"access-(?:sandbox|development|production)-[0-9a-f-]{36}"),
    # models
    ("openai key", "sk-", _B + r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}"),
    ("openai key", "T3BlbkFJ", _B + r"sk-[A-Za-z0-9_-]*T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    ("anthropic key", "sk-ant-", _B + r"sk-ant-[a-z0-9]{3,8}-[A-Za-z0-9_-]{20,}"),
    ("api key", "sk-", _B + r"sk-(?:or-v1-|lf-|kimi-)?(?=[A-Za-z0-9_-]{0,40}\d)[A-Za-z0-9_-]{20,}"),
    ("hugging face token", "hf_", _B + r"(?:hf|api_org)_[A-Za-z]{34}" + _E),
    ("hugging face token", "hf_", _B + r"hf_[A-Za-z0-9]{30,}" + _E),
    ("replicate token", "r8_", _B + r"r8_[A-Za-z0-9]{37}" + _E),
    ("groq key", "gsk_", _B + r"gsk_[A-Za-z0-9]{40,}" + _E),
    ("xai key", "xai-", _B + r"xai-[A-Za-z0-9]{60,}" + _E),
    ("perplexity key", "pplx-", _B + r"pplx-[A-Za-z0-9]{40,}" + _E),
    ("langsmith key", "lsv2_", _B + r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}" + _E),
    ("pinecone key", "pcsk_", _B + r"pcsk_[A-Za-z0-9_]{50,}"),
    ("notion token", "", _B + r"(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})" + _E),
    ("linear key", "lin_", _B + r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}" + _E),
    ("figma token", "figd_", _B + r"fig[dou]r?_[A-Za-z0-9_-]{40,}"),
    ("airtable token", "pat", _B + r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}" + _E),
    ("asana token", "/", _B + r"[0-2]/\d{16}(?:/\d{16})?:[a-f0-9]{32}" + _E),
    ("dropbox token", "sl.", _B + r"sl\.(?:u\.|B)[A-Za-z0-9_=-]{130,}"),
    ("contentful token", "CFPAT-", _B + r"CFPAT-[A-Za-z0-9_-]{43}"),
    ("typeform token", "tfp_", _B + r"tfp_[A-Za-z0-9_.=-]{40,}"),
    ("facebook token", "EAA", _B + r"EAA[A-Za-z0-9]{60,}" + _E),
    ("adobe secret", "p8e-", _B + r"p8(?:e|E)-[A-Za-z0-9]{32}" + _E),
    ("launchdarkly key", "-", _B + r"(?:api|sdk|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + _E),
    ("shippo token", "shippo_", _B + r"shippo_(?:live|test)_[a-f0-9]{40}" + _E),
    ("lob key", "_pub", _B + r"(?:live|test)_pub_[a-f0-9]{31}" + _E),
    ("okta token", "00", r"(?i)okta[\w.\- ]{0,20}?[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<value>00[A-Za-z0-9_-]{40})(?![\w-])"),
    ("okta token", "SSWS", r"\bSSWS (?P<value>[A-Za-z0-9_-]{20,})"),
    ("ibm key", "ibm", r"(?i)(?:ibm|bluemix|softlayer)[\w.\- ]{0,30}?key[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<value>[A-Za-z0-9_-]{44})(?![\w-])"),
    # formats of nobody in particular
    ("jwt", "eyJ", _B + r"e(?:yJ|wog|w0K)[A-Za-z0-9_-]{8,}\.(?:e[yw][A-Za-z0-9_-]{6,}|[A-Za-z0-9_-]{16,})\.[A-Za-z0-9_.-]{0,4096}"),
    ("password hash", "$", r"\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|[156y]\$(?:rounds=\d+\$)?[./A-Za-z0-9$]{1,40}\$[./A-Za-z0-9]{22,86}|argon2(?:id|i|d)\$[A-Za-z0-9$=,+/]{40,})"),
    ("password hash", "{S", r"\{S?SHA\d*\}[A-Za-z0-9+/]{27,}={0,2}"),
    ("authorization", "auth", r"[\"']auth[\"']?\s{0,4}:\s{0,4}[\"'](?P<value>[A-Za-z0-9+/]{12,}={0,2})[\"']"),
    ("authorization", "asic", r"(?i)\bBasic\s{1,3}(?P<value>[A-Za-z0-9+/]{12,}={0,2})(?![A-Za-z0-9+/=])"),
    ("token", "earer", r"(?i)\bBearer\s{1,3}(?P<value>[A-Za-z0-9._~+/-]{16,}=*)"),
    ("mongodb key", "mdb_sa_sk_", _B + r"mdb_sa_sk_[A-Za-z0-9_-]{30,}"),
    ("onfido token", "api_live", _B + r"api_(?:live|sandbox)(?:_\w\w)?\.[A-Za-z0-9_-]{11}\.[A-Za-z0-9_-]{32}"),
)  # fmt: skip
KINDS = frozenset(kind for kind, _, _ in _TABLE)
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/]{24,20000}={0,2}(?![A-Za-z0-9+/=])")
_NEEDS_A_DIGIT = frozenset({"token", "authorization", "npm token", "api key"})


def by_format(text: str) -> Iterator[Found]:
    """Places of what has the form of a secret, in a folded text."""
    low = text.lower()
    for kind, part, form in _TABLE:
        if part.lower() not in low:
            continue
        pattern = _compiled(form)
        for match in pattern.finditer(text):
            group = "value" if "value" in pattern.groupindex else 0
            if kind not in _NEEDS_A_DIGIT or _is_dense(match[group]):
                yield Found(match.start(group), match.end(group), kind)


def encoded(text: str) -> Iterator[tuple[int, int, str]]:
    """Stretches of base64 that hold readable text, with that text."""
    for match in _ENCODED.finditer(text):
        try:
            content = base64.b64decode(match[0] + "=" * (-len(match[0].rstrip("=")) % 4), validate=False)
        except (binascii.Error, ValueError):
            continue
        inside = content.decode("utf-8", "ignore")
        if sum(letter.isprintable() or letter in "\r\n\t" for letter in inside) >= 0.8 * len(content):
            yield match.start(), match.end(), inside


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """Compiled when it is first needed: all of them take a quarter of a second."""
    return re.compile(form)


def _is_dense(value: str) -> bool:
    return bool(re.search(r"\d", value) or re.search(r"[a-z][A-Z]", value) or value.endswith("="))
