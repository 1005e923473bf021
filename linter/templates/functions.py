"""The template functions, lifted over values that nobody gives, and bounded.

Sprig, Helm and the built-in functions of Go would turn a missing value into 0, "" or an error.
Here a missing argument gives a missing result, except where the function exists to ask whether a
value is there (`default`, `empty`, …), only lays text out (`quote`, `nindent`, …) or holds the value
(`dict`, `toYaml`, …).

Reference: http://masterminds.github.io/sprig/, helm pkg/engine/funcs.go, Go text/template/funcs.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from gotpl.funcs.helm.functions import function_map
from gotpl.runtime.callables import invoke_template_function
from gotpl.runtime.context import ContextFunction, RenderContext
from gotpl.runtime.results import FunctionResult
from gotpl.runtime.sync_vm import _builtin_functions

from ..values import UNKNOWN_MARK
from .copies import deep_copy
from .decode import from_json, from_json_array, from_yaml, from_yaml_array
from .encode import to_pretty_yaml, to_yaml
from .overrides import (
    CHECKS,
    MAX_ITEMS,
    MAX_TEXT,
    OWN,
    Function,
    check_regex,
    first_hidden,
    hidden,
    is_expression,
    unescaped,
)
from .values import NAMELESS, Items, Missing, Table, TooLargeError, plain, repeat, spend
from .version import semver, semver_compare

# Units of work (see `spend`), measured: a call, one more character or element of its arguments,
# an include, and one character of a source to compile.
_CALL: Final = 500
_CHAR: Final = 40
_ELEMENT: Final = 300
_INCLUDE: Final = 15_000
_SOURCE_CHAR: Final = 300


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# They ask whether a value is there; a missing one is nothing to them.
_ASKING: Final = _names(
    "default empty coalesce all any not kindOf kindIs typeOf typeIs typeIsLike deepEqual"
)
# They write text around the value.
_LAYOUT: Final = _names(
    "quote squote indent nindent trim trimAll trimall trimPrefix trimSuffix toString toStrings"
    " lower upper title untitle swapcase replace cat trunc substr nospace print println join html"
    " wrap wrapWith split splitList splitn list tuple dict"
)
# Among these, those with numbers in front of the text.
_COUNTED: Final = _names("indent nindent trunc substr wrap wrapWith abbrev abbrevboth")
# Those that hold the value under a key.
_KEYED: Final = _names("set unset")
# They hold the value; only the first argument, their container, must be given.
_HOLDING: Final = _names(
    "set unset pick omit keys values deepCopy mustDeepCopy append prepend push mustAppend"
    " mustPrepend mustPush first last rest initial mustFirst mustLast mustRest mustInitial reverse"
    " mustReverse compact mustCompact uniq mustUniq without mustWithout slice mustSlice len"
    " fromYaml fromYamlArray fromJson fromJsonArray fromToml mustFromJson"
)
_ENCODERS: Final = _names(
    "toYaml mustToYaml toYamlPretty toJson mustToJson toPrettyJson mustToPrettyJson toRawJson"
    " mustToRawJson toToml mustToToml"
)
# Random, or of the clock, the machine or the network: no two runs would agree.  Hashes made to be
# slow are here as well.
_NAMELESS: Final = _names(
    "randAlpha randAlphaNum randAscii randBytes randNumeric randInt shuffle uuidv4 now ago date"
    " htmlDate durationRound dateModify date_modify mustDateModify must_date_modify genCA"
    " genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert"
    " genSignedCertWithKey buildCustomCert bcrypt htpasswd encryptAES decryptAES derivePassword"
    " getHostByName"
)
# Given an expression, they would count with its text.
_NUMERIC: Final = _names(
    "int int64 float64 atoi toDecimal add add1 sub div mod mul max min biggest addf add1f subf divf"
    " mulf maxf minf ceil floor round gt ge lt le until untilStep seq"
)


@lru_cache(maxsize=1)
def functions() -> Mapping[str, Function]:
    """Every function a template may call, by name; `env` and `expandenv` are not among them."""
    real: dict[str, Function] = dict(_builtin_functions("go"))
    nothing: Any = None
    real.update(function_map(include=nothing, tpl=nothing, required=nothing, fail=nothing))
    real.update(dict.fromkeys(("toYaml", "mustToYaml"), to_yaml), toYamlPretty=to_pretty_yaml)
    real.update(fromYaml=from_yaml, fromYamlArray=from_yaml_array)
    real.update(fromJson=from_json, fromJsonArray=from_json_array)
    real.update(dict.fromkeys(("deepCopy", "mustDeepCopy"), deep_copy))
    real.update(semver=semver, semverCompare=semver_compare)
    lifted: dict[str, Function] = {}
    for name, function in real.items():
        own = OWN.get(name)
        lifted[name] = _lift(name, function) if own is None else _costing(partial(own, function))
    lifted["include"] = ContextFunction(
        sync=_include, capabilities=frozenset({"render-associated"})
    )
    lifted["tpl"] = ContextFunction(sync=_tpl, capabilities=frozenset({"render-dynamic-source"}))
    return lifted


def _lift(name: str, function: Function) -> Function:
    """The function as templates call it: any number of arguments, since its own check follows."""
    if name in _NAMELESS:
        return _nameless
    treat = _treatment(name)
    check = CHECKS.get(name) or (check_regex if "egex" in name else None)

    def call(*arguments: Any) -> Any:
        _spend_on(arguments)
        found = first_hidden(arguments)
        if found is not None or treat is _encode:
            settled, arguments = treat(arguments)
            if settled:
                return found
        elif name in _NUMERIC and any(map(is_expression, arguments)):
            return NAMELESS
        if check is not None:
            check(*arguments)
        result = _result(invoke_template_function(name, function, arguments))
        if found is None:
            return result
        return found if result is None else unescaped(result)

    return call


def _treatment(name: str) -> Callable[[tuple[Any, ...]], tuple[bool, tuple[Any, ...]]]:
    if name in _ENCODERS:
        return _encode
    if name in _ASKING:
        return _ask
    if name in _COUNTED:
        return _lay_out_by_count
    if name in _KEYED:
        return _hold_by_key
    if name in _LAYOUT:
        return _lay_out if name not in {"list", "tuple", "dict"} else _keep
    return _hold if name in _HOLDING else _settle


# Treatments: given arguments of which one is missing → whether that settles the result, and what
# to call the function with if it does not.
def _settle(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    return True, arguments


def _keep(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    return False, arguments


def _hold(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    return isinstance(arguments[0], Missing), arguments


def _ask(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    return False, tuple(None if isinstance(item, Missing) else item for item in arguments)


def _lay_out(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    return False, tuple(item.char if isinstance(item, Missing) else item for item in arguments)


def _lay_out_by_count(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    if any(isinstance(item, Missing) for item in arguments[:-1]):
        return True, arguments
    return _lay_out(arguments)


def _hold_by_key(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    settled, _same = _hold(arguments)
    return settled, (*arguments[:1], *_lay_out(arguments[1:2])[1], *arguments[2:])


def _encode(arguments: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    return False, tuple(map(plain, arguments))


def _nameless(*_arguments: Any) -> Missing:
    spend(_CALL)
    return NAMELESS


def _costing(function: Function) -> Function:
    def call(*arguments: Any) -> Any:
        _spend_on(arguments)
        return _result(function(*arguments))

    return call


def _spend_on(arguments: tuple[Any, ...]) -> None:
    units = _CALL
    for item in arguments:
        if isinstance(item, str):
            units += _CHAR * len(item)
        elif isinstance(item, list | dict):
            units += _ELEMENT * len(item)
    spend(units)


def _result(value: Any) -> Any:
    """A function's result, bounded; raises the error that it stands for."""
    if isinstance(value, FunctionResult):
        if value.error is not None:
            raise value.error
        value = value.value
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise TooLargeError("a function returns too long a text")
    elif type(value) is list:
        if len(value) > MAX_ITEMS:
            raise TooLargeError("a function returns too long a list")
        return Items(value)
    elif type(value) is dict:
        return Table(value)
    return value


def _include(context: RenderContext, name: Any, data: Any = None) -> Any:
    spend(_INCLUDE)
    if (found := hidden(name)) is not None:
        return found
    return context.render_template(name, data).replace("<no value>", UNKNOWN_MARK)


def _tpl(context: RenderContext, source: Any, data: Any = None) -> Any:
    if isinstance(source, Missing):
        return source
    if not isinstance(source, str):
        raise TypeError(f"tpl needs text, not {type(source).__name__}")
    if "{{" not in source:
        return source
    spend(_SOURCE_CHAR * (len(source) + 100))
    repeat(source.count("{{"))
    rendered = context.render_source(source, data, name="gotpl")
    return rendered.replace("<no value>", UNKNOWN_MARK)
