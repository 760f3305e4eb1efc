"""What a reader sees when something goes wrong: the same problem as the API's, as a page."""

from __future__ import annotations

from urllib.parse import quote

from litestar import MediaType, Response

from service.api import problems
from service.api.bodies import Asked
from service.api.problems import KINDS, ProblemError
from service.web.rendering import redirection, render

_SIGN_IN = "/sign-in"


def respond(request: Asked, error: Exception) -> Response[bytes]:
    """The exception handler of every page.

    Whoever must sign in first is sent there, and comes back afterwards; a form that needs it is told so instead,
    because what was typed would be lost on the way.
    """
    if isinstance(error, ProblemError) and error.kind == "key-needed" and request.method == "GET":
        address = request.scope["path"]
        if query := request.scope["query_string"].decode("latin-1"):
            address += f"?{query}"
        return Response(b"", status_code=303, headers=redirection(f"{_SIGN_IN}?next={quote(address[:2_000], safe='')}"))
    described = problems.told(request, error)
    problem = described.problem
    remedy = KINDS[problem.type.partition("#")[2]].remedy
    if problem.status == 401:  # noqa: PLR2004
        remedy = "Sign in, in another tab if you have typed something here, and send it again."
    headers = {name: value for name, value in described.headers.items() if name != "WWW-Authenticate"}
    made = render(
        request,
        "problem.html",
        part="_problem.html",
        status=problem.status,
        headers=headers,
        problem=problem,
        remedy=remedy,
    )
    return Response(made.body, status_code=made.status, headers=made.headers, media_type=MediaType.HTML)
