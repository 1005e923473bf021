"""`tsplit-lint trace`: which route takes a request, and where it goes."""

from __future__ import annotations

import argparse
import gc

from ..catalog.gateways import MESH, gateway_key
from ..engine import load_catalog
from ..matching.evaluate import Request
from ..options import (
    PROG,
    Parser,
    UsageError,
    add_config_flags,
    add_format_flag,
    add_help,
    add_input_flags,
    add_mesh_flags,
    complain,
    settings_of,
    word_of,
    write,
)
from ..streams import inputs_of, missing_of


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(
        prog=f"{PROG} trace",
        usage="%(prog)s --host HOST [--path PATH] [OPTIONS] [PATH …]",
        description=(
            "Tell which route takes a request, why the earlier ones do not, and which share of it goes to "
            "which subset and workload."
        ),
        epilog=(
            "exit codes:\n"
            "  0  a route takes it, or the Service itself\n"
            "  1  nothing takes it, or a hidden value decides\n"
            "  2  it could not be done: a bad flag or setting, a path that cannot be read\n\n"
            "examples:\n"
            f"  {PROG} trace --host shop --path /cart --header 'x-canary: true' manifests/\n"
            f"  {PROG} trace --host shop.example.com --gateway edge --port 443 --scheme https .\n"
        ),
    )
    _add_request(result)
    paths = result.add_argument_group("what is read")
    paths.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="files and folders; - is standard input; without any, the working directory",
    )
    paths.add_argument("--stdin-filename", metavar="NAME", help="the name of standard input")
    add_input_flags(paths)
    add_mesh_flags(paths)
    add_format_flag(result.add_argument_group("the answer"))
    add_config_flags(result.add_argument_group("settings"))
    add_help(result.add_argument_group("other"))
    return result


def _add_request(parser: Parser) -> None:
    group = parser.add_argument_group("the request")
    group.add_argument(
        "--host", metavar="HOST", help="the host that is called, with or without :port"
    )
    group.add_argument(
        "--path", metavar="PATH", default="/", help="its path, with or without ?query"
    )
    group.add_argument(
        "--method", metavar="METHOD", default="GET", help="its method (default: GET)"
    )
    schemes = ("http", "https")
    group.add_argument(
        "--scheme",
        metavar="SCHEME",
        type=word_of(schemes),
        choices=schemes,
        default="http",
        help="http (default) or https",
    )
    group.add_argument(
        "--header",
        metavar="NAME:VALUE",
        action="append",
        type=_header,
        default=[],
        help="a header of it (repeatable)",
    )
    group.add_argument(
        "--port", metavar="NUMBER", type=_port, help="the port of the Service, or of the Gateway"
    )
    group.add_argument(
        "--gateway",
        metavar="NAME",
        default=MESH,
        help="the Gateway it comes through, as name or namespace/name (default: mesh)",
    )
    group.add_argument("--from-namespace", metavar="NAME", help="the namespace of the client")
    group.add_argument(
        "--from-label",
        metavar="KEY=VALUE",
        action="append",
        type=_label,
        help="a label of the client's pod (repeatable)",
    )


def _header(given: str) -> tuple[str, str]:
    name, colon, value = given[1:].partition(":")  # a pseudo header begins with a colon
    name = given[:1] + name
    if not colon or not name.strip(": "):
        raise argparse.ArgumentTypeError(f'"{given}" is no header: write it as name:value')
    return name.strip().lower(), value.strip()


def _label(given: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f'"{given}" is no label: write it as key=value')
    return key, value


def _port(given: str) -> int:
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise argparse.ArgumentTypeError(f'"{given}" is no port number (1 to 65535)')
    return int(given)


def run(words: list[str]) -> int:
    """Trace and print; gives the exit code."""
    gc.disable()  # a run makes hardly any cycles and ends soon
    namespace = parser().parse(words, "paths")
    request = _request(namespace)
    config = settings_of(namespace).config
    paths, texts = inputs_of(namespace)
    missing = missing_of(paths)
    if missing:
        return 2
    catalog, unreadable = load_catalog(paths, config, texts=texts)
    gc.freeze()
    for failure in unreadable:
        complain("error", failure)

    from ..trace.take import trace

    found = trace(request, catalog)
    if namespace.format == "json":
        from ..trace.json_trace import render
    else:
        from ..trace.text import render
    write(render(found))
    if unreadable:
        return 2
    return 1 if found.outcome in ("none", "unknown") else 0


def _request(namespace: argparse.Namespace) -> Request:
    """The request that the flags describe; raises UsageError."""
    written = namespace.host or ""
    host, port = _host_and_port(written)
    if not host:
        raise UsageError("which host? --host names the one that is called")
    path, mark, query = namespace.path.partition("#")[0].partition("?")
    if not path.startswith("/"):
        raise UsageError(f'--path: "{namespace.path}" does not begin with a slash')
    headers: dict[str, str] = {}
    for name, value in namespace.header:
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    authority = headers.pop("host", headers.pop(":authority", written))
    gateway = gateway_key(namespace.gateway, None)
    labels = namespace.from_label
    return Request(
        host=host,
        path=path,
        method=headers.pop(":method", namespace.method),
        scheme=namespace.scheme,
        authority=authority,
        headers=headers,
        query=_first_values(query) if mark else {},
        port=namespace.port or port,
        labels=None if labels is None else dict(labels),
        namespace=namespace.from_namespace,
        gateway=gateway,
    )


def _host_and_port(written: str) -> tuple[str, int | None]:
    host, colon, port = written.rpartition(":")
    if colon and port.isdecimal() and ":" not in host:
        try:
            return host, _port(port)
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"--host: {error}") from None
    return written, None


def _first_values(query: str) -> dict[str, str]:
    """The parameters of a query as they are written; of one that is repeated, the first."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _equals, value = part.partition("=")
        found.setdefault(name, value)
    return found
