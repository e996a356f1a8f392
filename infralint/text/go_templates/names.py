"""The functions that Helm's templates may call; others keep a chart from being installed, called or not."""

from __future__ import annotations

_GO = "and break call continue eq ge gt html index js le len lt ne not or print printf println slice urlquery"
"""https://pkg.go.dev/text/template#hdr-Functions"""
_SPRIG = (
    "abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt biggest"
    " buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify date_in_zone"
    " date_modify decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf duration durationRound empty"
    " encryptAES ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey genSelfSignedCert"
    " genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey hasPrefix hasSuffix hello"
    " htmlDate htmlDateInZone htpasswd indent initial initials int int64 isAbs join kebabcase keys kindIs kindOf last list"
    " lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact mustDateModify mustDeepCopy"
    " mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend mustPush mustRegexFind"
    " mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse"
    " mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now"
    " omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend push quote randAlpha randAlphaNum randAscii randBytes"
    " randInt randNumeric regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit"
    " repeat replace rest reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle snakecase sortAlpha"
    " split splitList splitn squote sub subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson"
    " toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset"
    " until untilStep untitle upper urlJoin urlParse uuidv4 values without wrap wrapWith"
)
"""https://masterminds.github.io/sprig/, without `env` and `expandenv`, which Helm takes away."""
_HELM = (
    "durationDays durationHours durationMicroseconds durationMilliseconds durationMinutes durationNanoseconds durationRoundTo"
    " durationSeconds durationTruncateTo durationWeeks fromJsonArray fromToml fromYaml fromYamlArray include lookup"
    " mustToDuration mustToToml mustToYaml required toToml toYaml toYamlPretty tpl"
)
"""Of Helm 3 and 4: https://helm.sh/docs/chart_template_guide/function_list/"""

HELM_FUNCTIONS = frozenset(f"{_GO} {_SPRIG} {_HELM}".split())


def is_function(name: str) -> bool:
    """Whether a name may be one of a function. Other programs that render charts, such as werf, have more of their own:
    `werf_image`, `dump_debug`. https://werf.io/docs/v2/reference/deploy/templates.html"""
    return name in HELM_FUNCTIONS or "_" in name
