"""Headers of every answer: a strict content policy, and no copies of personal pages anywhere."""

from __future__ import annotations

from flask import Flask, Response, make_response, request

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def init_app(app: Flask) -> None:
    app.after_request(_add_headers)


def kept_file(content: bytes, kind: str) -> Response:
    """Answer with something that never changes under its address; only the reader's own phone may keep it."""
    response = make_response(content)
    response.content_type = kind
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.make_conditional(request, accept_ranges=True, complete_length=len(content))
    return response


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), payment=()")
    headers.setdefault("Cache-Control", "no-store")
    return response
