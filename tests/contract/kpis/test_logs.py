"""What the services log of their web server: their own errors, never what a client sent."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

SERVER = dedent(
    """
    import asyncio
    from aiohttp import web
    from kpis.runtime import logs

    async def fails(_):
        raise ValueError("a fault of ours")

    async def asked(port, request):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.readline()
        writer.close()
        return answer.decode().split()[1]

    async def main():
        app = web.Application()
        app.router.add_get("/", fails)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        print(await asked(port, b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"))
        print(await asked(port, b"GET / HTTP/1.1\\r\\nAuthorization: Bearer s3cret\\x00\\r\\n\\r\\n"))
        await runner.cleanup()

    logs.hush()
    logs.set_up("INFO")
    asyncio.run(main())
    """
)


def test_an_error_of_the_server_is_logged_and_a_malformed_request_is_not() -> None:
    """The line that a client got wrong may hold a password."""
    done = subprocess.run([sys.executable, "-c", SERVER], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["500", "400"], done.stderr
    assert "a fault of ours" in done.stderr
    assert "s3cret" not in done.stderr
