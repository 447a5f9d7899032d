"""Others' clients and models as judges of the simulated VK API.

``vk_api`` and ``vkbottle`` talk to the running server as they would to VK, and the models of
``vkbottle-types`` must accept its answers, and refuse them once something in them is wrong.
"""

import asyncio
import copy
import sys

import jconfig
import pytest
import requests
import vk_api
import vk_api.execute
import vk_api.requests_pool
import vkbottle
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from vkbottle.http import AiohttpClient
from vkbottle_types import API_VERSION
from vkbottle_types.objects import UsersUserXtrType
from vkbottle_types.responses import groups, likes, users, wall

from claqueur.vkserver import Hide, VkServer, everything, serve
from claqueur.vkserver.dataset import NEVER

SMALL = {"population.accounts": 1500, "span.days": 14}


@pytest.fixture(scope="module")
def server():
    data = everything("krasnoyarsk-2019", seed=3, changes=SMALL)
    hide = Hide(closed=0.05, deactivated=0.05, blocked=frozenset({-1005}))
    return VkServer(data, rate_limit="off", daily_caps={"wall.get": None}, hide=hide)


@pytest.fixture(scope="module")
def base_url(server):
    with serve(server) as url:
        yield url


def most(server, timed):
    return max(server.walls.posts.values(), key=lambda post: getattr(post, timed).count(NEVER))


class TestModels:
    """The pydantic models of version 5.199."""

    def cases(self, server):
        liked, said, shared = (most(server, name) for name in ("likers", "comments", "reposters"))
        wall_of = {"owner_id": -1001, "count": 5}
        about_liked = {"type": "post", "owner_id": liked.owner, "item_id": liked.id, "count": 5}
        about_said = {
            "owner_id": said.owner, "post_id": said.id, "count": 100, "need_likes": 1,
            "thread_items_count": 10,
        }  # fmt: skip
        about_shared = {"owner_id": shared.owner, "post_id": shared.id, "count": 5}
        ids = ",".join(map(str, server.walls.data.accounts[:60]))
        owner = server.answer("wall.getReposts", about_shared)["response"]["items"][0]["owner_id"]
        posts = f"{liked.owner}_{liked.id},{said.owner}_{said.id}"
        pages = {"group_ids": "1001,1002,1005", "fields": "members_count"}
        member = {"group_id": 1001, "count": 5}
        more = {"extended": 1}
        return [
            ("wall.get", wall_of, wall.WallGetResponse),
            ("wall.get", wall_of | more, wall.WallGetExtendedResponse),
            ("wall.get", {"owner_id": owner}, wall.WallGetResponse),
            ("wall.get", {"owner_id": owner} | more, wall.WallGetExtendedResponse),
            ("wall.getById", {"posts": posts}, wall.WallGetByIdResponse),
            ("wall.getById", {"posts": posts} | more, wall.WallGetByIdExtendedResponse),
            ("wall.getComments", about_said, wall.WallGetCommentsResponse),
            ("wall.getComments", about_said | more, wall.WallGetCommentsExtendedResponse),
            ("likes.getList", about_liked, likes.LikesGetListResponse),
            ("likes.getList", about_liked | more, likes.LikesGetListExtendedResponse),
            ("wall.getReposts", about_shared, wall.WallGetRepostsResponse),
            ("users.get", {"user_ids": ids}, users.UsersGetResponse),
            ("groups.getById", pages, groups.GroupsGetByIdObjectResponse),
            ("groups.getMembers", member, groups.GroupsGetMembersResponse),
            ("groups.getMembers", member | {"fields": "domain"},
             groups.GroupsGetMembersFieldsResponse),
        ]  # fmt: skip

    def test_speak_this_version(self):
        assert API_VERSION == "5.199"

    def test_accept_every_answer(self, server):
        for method, params, model in self.cases(server):
            answer = server.answer(method, params)
            found = model(**answer)
            response = answer["response"]
            lists = [response] if isinstance(response, list) else response.values()
            assert any(part for part in lists if isinstance(part, list)), method
            assert found.response is not None
            if isinstance(response, dict) and "type" in (response.get("items") or [0])[-1:]:
                [UsersUserXtrType(**item) for item in response["items"]]

    def test_know_every_field_that_is_sent(self, server):
        """A misspelt optional field would pass: pydantic ignores what it does not know."""
        for method, params, model in self.cases(server):
            if model is likes.LikesGetListExtendedResponse:
                continue  # its items are models without a single field
            answer = server.answer(method, params)
            kept = model(**answer).model_dump(exclude_unset=True, by_alias=True)
            assert sorted(set(map(strip, paths(answer)))) == sorted(set(map(strip, paths(kept))))

    def test_know_every_word_of_a_fixed_list(self, server):
        """These models read a word that they do not know as a value of their own, and go on."""
        for method, params, model in self.cases(server):
            kept = model(**server.answer(method, params)).model_dump(exclude_unset=True)
            values = {str(value_at(kept, path)) for path in paths(kept)}
            assert not values & {"NOT_SUPPORTED", str(sys.maxsize)}
            posts = [part for part in objects(kept) if "post_type" in part]
            assert all(post["inner_type"] == "wall_wallpost" for post in posts)

    def test_refuse_wrong_types(self, server):
        for method, params, model in self.cases(server):
            answer = server.answer(method, params)
            seen = set()
            for path in paths(answer):
                if strip(path) not in seen and is_judged(path, model):
                    seen.add(strip(path))
                    with pytest.raises(ValidationError):
                        model(**changed(answer, path, WRONG))

    @pytest.mark.parametrize(
        ("number", "path"),
        [
            (0, "response.count"),
            (0, "response.items"),
            (0, "response.items.0.likes.count"),
            (0, "response.items.0.likes.can_like"),
            (0, "response.items.0.likes.user_likes"),
            (0, "response.items.0.reposts.count"),
            (0, "response.items.0.donut.is_donut"),
            (1, "response.profiles"),
            (1, "response.groups.0.id"),
            (3, "response.groups"),
            (5, "response.profiles"),
            (6, "response.count"),
            (6, "response.items.0.id"),
            (6, "response.items.0.from_id"),
            (6, "response.items.0.date"),
            (6, "response.items.0.text"),
            (6, "response.items.0.likes.count"),
            (6, "response.items.0.thread.count"),
            (7, "response.profiles.0.id"),
            (8, "response.count"),
            (8, "response.items"),
            (9, "response.items"),
            (10, "response.items"),
            (10, "response.profiles"),
            (10, "response.groups"),
            (11, "response.0.id"),
            (12, "response.groups.0.id"),
            (13, "response.count"),
            (14, "response.items.0.id"),
        ],
    )
    def test_refuse_what_lacks_a_field(self, server, number, path):
        method, params, model = self.cases(server)[number]
        answer = server.answer(method, params)
        steps = tuple(int(step) if step.isdecimal() else step for step in path.split("."))
        with pytest.raises(ValidationError):
            model(**changed(answer, steps, GONE))

    @settings(deadline=None, max_examples=60)
    @given(data=st.data())
    def test_refuse_any_wrong_value_anywhere(self, server, data):
        method, params, model = data.draw(st.sampled_from(self.cases(server)))
        answer = server.answer(method, params)
        judged = [path for path in paths(answer) if is_judged(path, model)]
        path = data.draw(st.sampled_from(judged))
        # Neither a number nor a word, whatever belongs there.
        wrong = data.draw(st.sampled_from([{"a": 1}, [["a"]], [{"b": None}]]))
        with pytest.raises(ValidationError):
            model(**changed(answer, path, wrong))


WRONG, GONE = {"no": "such"}, object()


def paths(value, at=()):
    """Where in an answer there is something other than a list or object, or an empty one."""
    if isinstance(value, dict) and value:
        return [path for key, part in value.items() for path in paths(part, (*at, key))]
    if isinstance(value, list) and value:
        return [path for i, part in enumerate(value) for path in paths(part, (*at, i))]
    return [at]


def is_judged(path, model):
    """Whether the models look at it at all: not at words of fixed lists, nor into likers."""
    if model is likes.LikesGetListExtendedResponse:
        return strip(path) in ("response.count", "response.items.id")
    words = ("inner_type", "type", "post_type")
    return path[-1] not in words and strip(path) != "response.groups.is_closed"


def objects(value):
    """Every object in an answer."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return own + [found for part in parts for found in objects(part)]


def value_at(value, path):
    for step in path:
        value = value[step]
    return value


def strip(path):
    """The same without the numbers of elements."""
    return ".".join(str(step) for step in path if not isinstance(step, int))


def changed(answer, path, value):
    answer = copy.deepcopy(answer)
    place = answer
    for step in path[:-1]:
        place = place[step]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return answer


class ToServer(HTTPAdapter):
    """Sends what was meant for VK to the test server."""

    def __init__(self, base_url):
        self.base_url = base_url
        super().__init__()

    def send(self, request, *args, **kwargs):
        request.url = self.base_url + "/method/" + request.url.partition("/method/")[2]
        return super().send(request, *args, **kwargs)


@pytest.fixture
def client(base_url, monkeypatch):
    monkeypatch.setattr(vk_api.VkApi, "RPS_DELAY", 0)
    with requests.Session() as session:
        for scheme in ("https://", "http://"):
            session.mount(scheme, ToServer(base_url))
        yield vk_api.VkApi(
            token="any", session=session, api_version="5.199", config=jconfig.MemoryConfig
        )


class TestVkApi:
    def test_every_method(self, server, client):
        api = client.get_api()
        post = most(server, "likers")
        about = {"owner_id": post.owner, "post_id": post.id}
        assert api.wall.get(owner_id=-1001)["count"] == len(server.walls.pages[-1001].at(NEVER))
        assert api.wall.getById(posts=f"{post.owner}_{post.id}")["items"][0]["id"] == post.id
        assert api.wall.getComments(**about)["count"] == post.comments.count(NEVER)
        assert "items" in api.wall.getReposts(**about)
        found = api.likes.getList(type="post", owner_id=post.owner, item_id=post.id, count=1000)
        assert found["count"] == post.listed_likers.count(NEVER)
        who = server.walls.data.accounts[0]
        assert api.users.get(user_ids=[who])[0]["id"] == who
        assert api.groups.getById(group_ids="1001")["groups"][0]["id"] == 1001
        assert api.groups.getMembers(group_id=1001)["count"] == len(server.walls.members[-1001])

    def test_errors_arrive(self, client):
        api = client.get_api()
        for call, expected in (
            (lambda: api.wall.post(owner_id=-1001, message="x"), 3),
            (lambda: api.wall.get(owner_id="x"), 100),
            (lambda: api.wall.get(owner_id=-1005), 19),
        ):
            with pytest.raises(vk_api.exceptions.ApiError) as caught:
                call()
            assert caught.value.code == expected

    def test_its_own_scripts_run(self, server, client):
        """What it sends to ``execute``: loops over pages, pools of calls."""
        tools = vk_api.VkTools(client)
        wall_of = tools.get_all("wall.get", 7, {"owner_id": -1011})
        posts = [post.id for post in server.walls.pages[-1011].at(NEVER)][::-1]
        assert [item["id"] for item in wall_of["items"]] == posts
        slow = tools.get_all_slow("wall.get", 7, {"owner_id": -1011})
        assert slow == wall_of
        post = most(server, "likers")
        ask = {"type": "post", "owner_id": post.owner, "item_id": post.id}
        likers = tools.get_all("likes.getList", 10, ask)
        assert likers["items"] == list(post.listed_likers.at(NEVER))[::-1]
        with vk_api.VkRequestsPool(client) as pool:
            good = pool.method("users.get", {"user_ids": "1"})
            bad = pool.method("wall.get", {"owner_id": -1005})
        assert good.result == []
        assert (bad.ok, bad.error["error_code"]) == (False, 19)
        with vk_api.VkRequestsPool(client) as pool:
            same = [pool.method("wall.get", {"owner_id": owner}) for owner in (-1001, -1002)]
        assert [one.result["items"][0]["owner_id"] for one in same] == [-1001, -1002]
        found, failed = vk_api.requests_pool.vk_request_one_param_pool(
            client, "wall.get", "owner_id", [-1001, -1005, -1002], {"count": 1}
        )
        assert [found[owner]["items"][0]["owner_id"] for owner in (-1001, -1002)] == [-1001, -1002]
        assert failed[-1005]["error_code"] == 19

    def test_in_a_pool_with_a_groups_token(self, client):
        client.token = {"access_token": "group-any"}
        with vk_api.VkRequestsPool(client) as pool:
            walls = pool.method("wall.get", {"owner_id": -1001})
            people = pool.method("users.get", {"user_ids": "1"})
        assert walls.error["error_code"] == 27
        assert people.result == []


class TestVkbottle:
    def ask(self, base_url, questions, token="any"):
        async def run():
            session = AiohttpClient()
            try:
                api = vkbottle.API(token, http_client=session)
                api.API_URL = base_url + "/method/"
                return await questions(api)
            finally:
                await session.close()

        return asyncio.run(run())

    def test_every_method(self, server, base_url):
        liked, said, shared = (most(server, name) for name in ("likers", "comments", "reposters"))
        who = server.walls.data.accounts[:3]

        async def questions(api):
            walls = await api.wall.get(owner_id=-1001, count=3, extended=True)
            assert walls.groups[0].id == 1001
            assert walls.items[0].inner_type.value == "wall_wallpost"
            comments = await api.wall.get_comments(
                owner_id=said.owner, post_id=said.id, count=100, need_likes=True
            )
            assert comments.count == said.comments.count(NEVER)
            assert comments.items[0].likes.count == 0
            people = await api.likes.get_list(
                type="post", owner_id=liked.owner, item_id=liked.id, count=1000
            )
            assert people.items == list(liked.listed_likers.at(NEVER))[::-1]
            reposts = await api.wall.get_reposts(owner_id=shared.owner, post_id=shared.id)
            assert reposts.items[0].copy_history[0].id == shared.id
            assert [one.id for one in await api.users.get(user_ids=who)] == who
            pages = await api.groups.get_by_id(group_ids=["1001", "1005"])
            assert [page.deactivated for page in pages.groups] == [None, "banned"]
            members = await api.groups.get_members(group_id="1001", count=4)
            assert members.next_from == "4"
            posts = await api.wall.get_by_id(posts=[f"{liked.owner}_{liked.id}"])
            assert posts.items[0].likes.count == liked.likers.count(NEVER)
            done = await api.request("execute", {"code": "return API.users.get({user_ids: 1});"})
            assert done == {"response": []}
            return True

        assert self.ask(base_url, questions)

    def test_errors_arrive(self, base_url):
        async def questions(api):
            for method, params, expected in (
                ("wall.get", {"owner_id": -1001}, 27),
                ("wall.post", {}, 3),
                ("groups.getMembers", {"group_id": 1005}, 203),
            ):
                with pytest.raises(vkbottle.VKAPIError[expected]):
                    await api.request(method, params)
            return True

        assert self.ask(base_url, questions, "group-any")
