"""What the hub tells a person about the end of their workspace, on a real log; and while that log is silent."""

from collections.abc import Iterator
from pathlib import Path

import jinja2
import msgspec
import pytest

from access_policy.homes import Apart
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.reasons import REASONS
from hub_config import login
from hub_config.desk.endings import ENDINGS, why_of
from hub_config.leashes import MODEST, NEAR, OFTEN, LeashAnswer, Leashes, Terms
from hub_config.log_silence import BELIEVED_SECONDS, Heard
from spawner.warden.silence import Silence
from tests.unit.access_policy.log.troubles import moved_away
from tests.unit.hub_config.desk.seed import World, full_world
from tests.unit.hub_config.desk.test_homes import left

pytestmark = pytest.mark.unit

WHO, WHAT = PersonId("P-8"), RequestId("DR-1")
BOUNDS = Silence(300.0, 30.0)


class Seconds:
    """A monotonic clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = full_world(tmp_path)
    made.log_in("researcher")
    yield made
    made.policy.store.close()


@pytest.fixture
def log(tmp_path: Path, world: World) -> Path:
    """The log's file, which another test takes away."""
    return tmp_path / "log.sqlite"


@pytest.fixture
def leashes(world: World, seconds: Seconds) -> Leashes:
    terms = Terms(BOUNDS, False, "/home/researcher", "/services/desk/", lambda: world.clock.at)
    return Leashes(world.policy, Heard(world.policy, seconds), terms)


def answer(leashes: Leashes) -> LeashAnswer:
    return leashes.answer(WHO, WHAT)


def test_a_workspace_that_never_ran_has_no_leash(leashes: Leashes) -> None:
    """POL-03: nothing to tell."""
    assert answer(leashes) == LeashAnswer()
    assert leashes.ended(WHO, WHAT) is None


def test_a_quiet_page_learns_when_and_why_without_a_banner(world: World, leashes: Leashes) -> None:
    """POL-03, S86: more than half an hour before."""
    world.start_workspace("researcher", "DR-1")
    told = answer(leashes)
    assert (told.runs, told.step, told.banner, told.again_seconds) == (True, None, None, MODEST)
    assert (told.ends_in_seconds, told.why) == (3600, (why_of("run_time_over"),))
    assert leashes.ended(WHO, WHAT) is None


@pytest.mark.parametrize(
    ("minutes", "loud"),
    [(31, (30, False, MODEST)), (51, (10, False, MODEST)), (58.5, (10, False, OFTEN)), (59.5, (1, True, NEAR))],
)
def test_the_banner_grows_louder(world: World, leashes: Leashes, minutes: float, loud: tuple[int, bool, int]) -> None:
    """POL-03: when, why, what to do, and where; each step is closed by itself."""
    world.start_workspace("researcher", "DR-1")
    world.clock.go(minutes=minutes)
    told, step = answer(leashes), loud[0]
    assert told.banner is not None
    assert (told.step, told.banner.urgent, told.again_seconds) == loud
    assert told.banner.key == f"{step} {told.until}"
    within = "a minute" if step == 1 else f"{step} minutes"
    assert told.banner.words.startswith(f"This workspace ends in less than {within}, at 2026-11-22 ")
    assert " UTC. Then: the running time of the workspace's size is over." in told.banner.words
    assert told.banner.next.startswith("Save your work. Files in its home are kept. Next: start the workspace again")
    assert (told.banner.link, told.banner.link_words) == ("/services/desk/requests/DR-1", "Your request DR-1")


def test_a_page_asks_when_the_next_warning_is_due(world: World, leashes: Leashes) -> None:
    """POL-03: not half a minute late."""
    world.start_workspace("researcher", "DR-1")
    world.clock.go(minutes=29, seconds=50)
    assert answer(leashes).again_seconds == 11


def test_a_page_that_was_left_open_learns_of_the_end(world: World, leashes: Leashes) -> None:
    """S97: with the reason, what comes next, and the page that says more."""
    world.start_workspace("researcher", "DR-1")
    world.do("suspend-request", "representative", request="DR-1", reason="a question")
    being = answer(leashes)
    assert being.banner is not None
    assert (
        being.banner.words
        == "This workspace is being ended. Why: the grant is suspended while something is \
looked into."
    )
    world.end_workspace("researcher", "DR-1", "gone")
    told, ended = answer(leashes), leashes.ended(WHO, WHAT)
    assert told.banner is not None
    assert ended is not None
    assert (told.runs, told.why, told.banner.urgent) == (False, (why_of("request_suspended"),), True)
    assert told.until == format_instant(ended.at)
    assert told.banner.link == "/hub/user/p-8/dr-1/lab"
    assert (ended.why, ended.home, ended.deleted_by, ended.again) == (told.why, "/home/researcher", None, True)


def test_of_data_that_left_nothing_is_promised(world: World, leashes: Leashes) -> None:
    """S46, S82: the home that had them is not opened again, and the page says for what."""
    world.start_workspace("researcher", "DR-1")
    world.do("withdraw-dataset", "steward", dataset="clinical", reason="wrong rows")
    world.end_workspace("researcher", "DR-1", "gone")
    ended = leashes.ended(WHO, WHAT)
    assert ended is not None
    assert ended.kept is not None
    assert (ended.again, ended.kept.apart, ended.kept.datasets) == (False, Apart.LEFT, ("clinical",))


def test_of_the_last_home_is_told_and_of_no_other(world: World, leashes: Leashes) -> None:
    """S46, S97: home 1 is aside, the workspace that ended had home 2, and that one opens again."""
    left(world)
    world.start_workspace("researcher", "DR-1")
    world.end_workspace("researcher", "DR-1", "gone")
    ended = leashes.ended(WHO, WHAT)
    assert ended is not None
    assert ended.again


def page_of(leashes: Leashes) -> str:
    """Return the page after the end, as its template makes it, in one line."""
    folder = [str(Path(login.__file__).parent / "templates")]
    made = jinja2.Environment(loader=jinja2.ChoiceLoader([_FRAME, jinja2.FileSystemLoader(folder)]), autoescape=True)
    ended = leashes.ended(WHO, WHAT)
    page = made.get_template("not_running.html").render(ended=ended, server_name="dr-1", instant=str, spawn_url="/")
    return " ".join(page.split())


_FRAME = jinja2.DictLoader({"page.html": "{% block main %}{% endblock %}"})


def test_the_page_after_the_end_says_which_home_comes(world: World, leashes: Leashes) -> None:
    """S46, S97: an empty one where the last one is not opened and no other is there, that one where it is."""
    world.start_workspace("researcher", "DR-1")
    world.end_workspace("researcher", "DR-1", "gone")
    assert "The next workspace of this request has them again." in page_of(leashes)
    left(world)
    assert "They may hold tumours, which left the request" in page_of(leashes)
    assert "your next workspace begins with an empty home, and an admin looks" in page_of(leashes)
    world.start_workspace("researcher", "DR-1")
    world.end_workspace("researcher", "DR-1", "gone")
    assert "The next workspace of this request has them again." in page_of(leashes)
    assert "tumours" not in page_of(leashes)
    world.do("release-home", "admin", person=WHO, request=WHAT, home=1, reason="nothing of it is left")
    assert "Your next workspace opens another home; an admin can put this one in its place." in page_of(leashes)


def test_a_home_that_waits_for_a_course_is_told_as_waiting(world: World, leashes: Leashes) -> None:
    """S46, S74: nothing left the request; the files come back with the course."""
    world.do("register-course", "admin", course="sizes", title="Sizes", validity_days=30, required=False)
    world.do("certify-person", "trainer", person=WHO, course="sizes")
    left(world, trainings="sizes", leaves=False)
    world.clock.go(days=31)
    world.log_in("researcher")
    ended = leashes.ended(WHO, WHAT)
    assert ended is not None
    assert not ended.again
    assert "They may hold tumours, which you cannot open now: until you can, your next" in page_of(leashes)


def test_somebody_without_a_part_learns_no_more_of_the_end(world: World, leashes: Leashes) -> None:
    """POL-09: a stranger has no workspace, and nothing is said of anybody's."""
    world.start_workspace("researcher", "DR-1")
    assert leashes.answer(PersonId("P-11"), WHAT) == LeashAnswer()


def test_a_silent_log_is_told_with_its_bound(leashes: Leashes, seconds: Seconds, log: Path) -> None:
    """POL-04: counted from its last answer; the institute's workspaces end sooner, and so may unknown ones."""
    assert leashes.silent_for() is None
    seconds.now += 10
    with moved_away(log):
        assert leashes.silent_for() == 10
        told = leashes.in_silence(WHO, WHAT, restricted=False)
        assert told.banner is not None
        assert (told.silent, told.runs, told.ends_in_seconds, told.banner.urgent) == (True, True, 290, True)
        assert "log does not answer" in told.banner.words
        assert "it ends within 5 minutes, by 2026-11-22 " in told.banner.words
        assert leashes.in_silence(WHO, WHAT, restricted=True).ends_in_seconds == 20
        seconds.now += 300
        over = leashes.in_silence(WHO, WHAT, restricted=False)
        assert over.banner is not None
        assert over.ends_in_seconds == 0
        assert "it ends now, or has ended" in over.banner.words
        assert not leashes.in_silence(WHO, WHAT, restricted=None).runs
    seconds.now += BELIEVED_SECONDS
    assert leashes.silent_for() is None


def test_a_silence_is_said_again_in_the_last_minute_and_when_its_time_is_over(
    leashes: Leashes, seconds: Seconds, log: Path
) -> None:
    """POL-04: a page shows anew, also to who closed it, what has another key; else nothing is repeated."""
    keys = []
    with moved_away(log):
        for _ in range(7):
            banner = leashes.in_silence(WHO, WHAT, restricted=False).banner
            assert banner is not None
            keys.append(banner.key)
            seconds.now += 50
    assert keys == ["silent"] * 5 + ["silent 1", "silent over"]


def test_a_silent_log_is_not_asked_by_each_page(leashes: Leashes, seconds: Seconds, log: Path) -> None:
    """FLT-02: each question may keep the whole hub waiting, so a silence is believed for a moment."""
    with moved_away(log):
        assert leashes.silent_for() == 0
    seconds.now += BELIEVED_SECONDS / 2
    assert leashes.silent_for() == BELIEVED_SECONDS / 2
    seconds.now += BELIEVED_SECONDS / 2
    assert leashes.silent_for() is None


def test_an_answer_is_plain_json(world: World, leashes: Leashes) -> None:
    """POL-03: as docs/workspaces.md promises it."""
    world.start_workspace("researcher", "DR-1")
    told = msgspec.json.decode(msgspec.json.encode(answer(leashes)))
    assert set(told) == set(LeashAnswer.__struct_fields__)
    assert told["until"].endswith("Z")
    assert told["why"][0]["requirement"] == "S86"


def test_every_cause_of_an_end_has_words() -> None:
    """S97: reasons with their requirement, next step and owner; what hub and warden saw in a sentence."""
    for code in REASONS:
        told = why_of(code)
        assert all([told.text, told.next_step, told.owner, told.requirement])
    assert all(why_of(code).text == ENDINGS[code] for code in ENDINGS)
    assert why_of("something_new").text == "something new"
