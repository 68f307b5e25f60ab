"""What a browser does at a desk, without one."""

import asyncio

import httpx


class Client:
    """Asks an application as over a network, with a browser's cookies. starlette's own test client warns of httpx."""

    def __init__(self, asgi, address):
        self.asgi, self.address, self.cookies = asgi, address, httpx.Cookies()

    def request(self, method, url, **options):
        async def ask():
            own = {"origin": self.address} if method == "POST" else {}
            options["headers"] = {**own, **options.get("headers", {})}
            transport = httpx.ASGITransport(self.asgi, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self.address, cookies=self.cookies) as client:
                answer = await client.request(method, url, **{"follow_redirects": True, **options})
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, url, **options):
        return self.request("GET", url, **options)

    def post(self, url, **options):
        return self.request("POST", url, **options)
