"""The JavaScript client's requests and events; ``tests/peers/test_javascript_client.py`` has it publish."""

import json
from pathlib import Path

from argusd.api.config import Token
from argusd.ingest.ice.ice_servers import IceServer

from ..fixtures import OFFER, Rig, running_rig
from .node import result, running

FOLLOW = """
for await (const {{ type, seq, missed, reason }} of argusd.events({session}, {{ after: "{after}" }}))
  print({{ type, seq, missed, reason }});
"""
REFUSED = """
try {{ await {call} }} catch (error) {{
  print([error instanceof ArgusdError, error.code, error.status, error.passing, error.message]);
}}
"""
# A connection that is made at once, and says in ``done`` that it was closed.
CONNECTED = f"""
const done = [];
globalThis.RTCPeerConnection = class extends EventTarget {{
  connectionState = "connected";
  localDescription = {{ sdp: {json.dumps(OFFER)} }};
  setLocalDescription() {{}}
  setRemoteDescription() {{}}
  close() {{ done.push("closed"); }}
}};
"""


async def test_a_session_is_defined_read_and_deleted(rig: Rig) -> None:
    told = await result(
        rig.api,
        """
        const made = await argusd.putSession("a-room", { streams: ["face"] });
        const [seen, { sessions }, { violations }] =
          await Promise.all([argusd.session("a-room"), argusd.sessions(), argusd.results("a-room")]);
        await argusd.deleteSession("a-room");
        const left = (await argusd.sessions()).sessions;
        print([made.streams, seen.session_id, sessions.length, violations, left]);
        """,
    )
    assert told == [["face"], "a-room", 1, {}, []]


async def test_a_refusal_has_the_daemons_code_and_sentence(rig: Rig) -> None:
    told = await result(rig.api, REFUSED.format(call='argusd.session("nobody")'))
    assert told == [True, "session_not_found", 404, False, "There is no session with this id."]


async def test_an_answer_that_is_not_the_daemons_is_an_error_too(rig: Rig) -> None:
    told = await result(rig.api, REFUSED.format(call='argusd.json("/metrics")'))
    assert told[:3] == [True, "not_json", 200]


async def test_nobody_answers(rig: Rig) -> None:
    call = 'new Argusd({ url: "http://127.0.0.1:1" }).sessions()'
    told = await result(rig.api, REFUSED.format(call=call))
    assert told == [True, "unreachable", 0, True, "The daemon does not answer."]


async def test_a_token_is_shown_and_a_function_is_asked_for_it_each_time(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=(Token("the one and only one"),)) as rig:
        script = """
        const tokens = ["a wrong one", "the one and only one"];
        argusd.token = async () => tokens.shift();
        const refused = await argusd.sessions().catch(({ code }) => code);
        print([refused, (await argusd.sessions()).sessions]);
        """
        assert await result(rig.api, script) == ["unauthorized", []]


async def test_events_go_on_where_a_restart_broke_them_off(rig: Rig) -> None:
    await rig.api.publish("s1")
    for session in ('"s1"', "null"):
        async with running(rig.api, FOLLOW.format(session=session, after="0")) as program:
            seen = [await program.says()]
            await rig.api.close()
            rig.scheduler.find("s1")
            await rig.api.open()
            rig.scheduler.find("s1")
            while seen[-1]["type"] != "observation":
                seen.append(await program.says())
            seen.append(await program.says())
            assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))


async def test_lost_events_are_told_as_a_gap(rig: Rig) -> None:
    await rig.api.publish("s1")
    async with running(rig.api, FOLLOW.format(session='"s1"', after="999")) as program:
        assert await program.says() == {"type": "gap", "reason": "unknown_position"}
        assert (await program.says())["seq"] == 1


async def test_events_of_nobody_are_refused(rig: Rig) -> None:
    told = await result(rig.api, REFUSED.format(call='argusd.events("nobody").next()'))
    assert told[1:3] == ["session_not_found", 404]


async def test_events_end_when_their_reader_has_enough(rig: Rig) -> None:
    await rig.api.publish("s1")
    script = """
    const enough = new AbortController();
    for await (const { seq } of argusd.events("s1", { after: 0, signal: enough.signal })) {
      print(seq);
      enough.abort();
    }
    print("over");
    """
    async with running(rig.api, script) as program:
        assert [await program.says(), await program.says()] == [1, "over"]


async def test_text_may_hold_any_line_separator(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.find("s1", data={"text": "one\u2028another"})
    script = """
    for await (const { data } of argusd.events("s1", { after: 0 })) if (data.text) print(data.text);
    """
    async with running(rig.api, script) as program:
        assert await program.says() == "one\u2028another"


async def test_a_publication_that_is_given_up_is_closed(rig: Rig) -> None:
    script = """
    const enough = new AbortController();
    let open = 0;
    globalThis.RTCPeerConnection = class {
      constructor() { open++; }
      setLocalDescription() { enough.abort(); }
      close() { open--; }
    };
    const options = { stream: { getTracks: () => [] }, signal: enough.signal };
    print([await argusd.publish("s1", options).catch(({ name }) => name), open > 0]);
    """
    assert await result(rig.api, script) == ["AbortError", False]
    assert (await rig.api.json("GET", "/sessions"))[1]["sessions"] == []


async def test_what_is_given_up_while_its_offer_is_answered_ends(rig: Rig) -> None:
    script = """
    const enough = new AbortController();
    globalThis.RTCPeerConnection = class {
      localDescription = { sdp: OFFER };
      setLocalDescription() {}
      setRemoteDescription() { throw new Error("it is closed"); }
      close() {}
    };
    const ask = argusd.request.bind(argusd);
    argusd.request = async (path, asked) => {
      const answer = ask(path, asked);
      if (asked?.method === "POST") enough.abort();
      return answer;
    };
    await argusd.publish("s1", { stream: { getTracks: () => [] }, signal: enough.signal }).catch(() => {});
    print((await argusd.sessions()).sessions.map(({ state }) => state));
    """
    assert await result(rig.api, script.replace("OFFER", json.dumps(OFFER))) == ["closed"]


async def test_a_goodbye_has_time_for_a_path_of_seconds(rig: Rig) -> None:
    """Of which there are a hundred in a second here."""
    script = """
    const timeout = AbortSignal.timeout;
    AbortSignal.timeout = (ms) => timeout(ms / 100);
    const publication = await argusd.publish("s1", { stream: { getTracks: () => [] } });
    argusd.request = (path, { signal }) => new Promise((arrived, lost) => {
      setTimeout(() => { done.push("arrived"); arrived(); }, 60);
      signal.addEventListener("abort", () => lost(signal.reason));
    });
    done.length = 0;
    await publication.close();
    print(done);
    """
    assert await result(rig.api, CONNECTED + script) == ["arrived", "closed"]


async def test_a_publication_says_goodbye_once_and_before_its_connection_ends(rig: Rig) -> None:
    """Also where it is closed and given up at once, as a page does that somebody leaves."""
    script = """
    const enough = new AbortController();
    const ask = argusd.request.bind(argusd);
    argusd.request = async (path, asked) => {
      const answer = await ask(path, asked);
      if (asked?.method) done.push(asked.method);
      return answer;
    };
    const stream = { getTracks: () => [] };
    const publication = await argusd.publish("s1", { stream, signal: enough.signal });
    done.length = 0;
    const closing = publication.close();
    enough.abort();
    await closing;
    print(done);
    """
    assert await result(rig.api, CONNECTED + script) == ["DELETE", "closed"]


async def test_a_publication_uses_the_servers_that_the_daemon_names(tmp_path: Path) -> None:
    turn = IceServer(urls=("turn:turn.test:3478",), username='a "user"', credential="pass\\word")
    stun = IceServer(urls=("stun:stun.test",))
    async with running_rig(tmp_path, ice_servers=(stun, turn)) as rig:
        script = """
        globalThis.RTCPeerConnection = class {
          constructor(made) { if (made) print(made.iceServers); }
          setLocalDescription() { throw new Error("enough"); }
          close() {}
        };
        await argusd.publish("s1", { stream: { getTracks: () => [] } }).catch(() => {});
        """
        assert await result(rig.api, script) == [
            {"urls": "stun:stun.test"},
            {"urls": "turn:turn.test:3478", "username": 'a "user"', "credential": "pass\\word"},
        ]
