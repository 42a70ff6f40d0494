"""A webhook receiver with Starlette and PostgreSQL that does samovar-ingress's work.

HMAC over the raw body, the delivery and its routing row in one statement, which is one durable
transaction and one round trip; then 202. Environment: RECEIVER_SECRET (file), RECEIVER_SOCKET
(folder of PostgreSQL's socket). starlette_schema.sql is loaded before.
"""
import contextlib
import hashlib
import hmac
import json
import os
import time

import asyncpg
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

with open(os.environ["RECEIVER_SECRET"], "rb") as file:
    SECRET = file.read()

STORE = """
    WITH stored AS (
        INSERT INTO delivery (
            delivery_id, event, event_type, received_at, remote, content_type, headers, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (delivery_id) DO NOTHING
        RETURNING seq)
    INSERT INTO routing (delivery)
    SELECT seq FROM stored
    RETURNING delivery
"""
KNOWN = "SELECT seq, body FROM delivery WHERE delivery_id = $1"


@contextlib.asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(
            host=os.environ["RECEIVER_SOCKET"], user="postgres", database="postgres",
            min_size=32, max_size=32) as app.state.store:
        yield


async def hook(request):
    body = await request.body()
    headers = request.headers
    expected = hmac.digest(SECRET, body, hashlib.sha256).hex()
    if not hmac.compare_digest(expected, headers.get("x-gitea-signature", "")):
        return PlainTextResponse("bad signature", 401)
    delivery, event = headers.get("x-gitea-delivery"), headers.get("x-gitea-event")
    if not delivery or not event:
        return PlainTextResponse("X-Gitea-Delivery and X-Gitea-Event are needed", 400)
    kept = {name: value for name, value in headers.items() if name != "x-gitea-signature"}
    store, status = request.app.state.store, "accepted"
    seq = await store.fetchval(
        STORE, delivery, event, headers.get("x-gitea-event-type", ""), time.time_ns() // 1000,
        request.client.host, headers.get("content-type", ""), json.dumps(kept), body)
    if seq is None:
        known = await store.fetchrow(KNOWN, delivery)
        if known["body"] != body:
            return PlainTextResponse("this delivery id is stored with other bytes", 409)
        seq, status = known["seq"], "duplicate"
    return Response(
        json.dumps({"status": status, "delivery": delivery, "seq": seq}), 202,
        media_type="application/json")


app = Starlette(routes=[Route("/hooks/gitea", hook, methods=["POST"])], lifespan=lifespan)
