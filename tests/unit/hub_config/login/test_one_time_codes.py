"""One-time codes against the RFC's own values and against a generator of somebody else's."""

import base64
import json
import random
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest

from hub_config.login.second_factor import STEP_SECONDS, matching_step, step_of
from hub_config.proxy import node_binary

pytestmark = pytest.mark.unit

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
GENERATOR = Path(__file__).parents[3] / "oidc" / "codes.mjs"


def generated(asked: list[tuple[str, int]]) -> list[str]:
    """The codes of secrets at instants, as npm's otplib makes them."""
    assert (GENERATOR.parent / "node_modules" / "otplib").is_dir(), "not installed: make install-dev"
    command = [str(node_binary()), str(GENERATOR)]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=120)
    codes: list[str] = json.loads(done.stdout)
    return codes


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (4, "338314"), (5, "254676"), (6, "287922"),
        (7, "162583"), (8, "399871"), (9, "520489"),
    ],
)  # fmt: skip
def test_rfc_4226_values(count: int, code: str) -> None:
    """MFA-09: RFC 4226 appendix D; a time step is the count (RFC 6238, 4.2), looked at one step later."""
    assert matching_step(RFC_SECRET, code, datetime.fromtimestamp((count + 1) * STEP_SECONDS, UTC)) == count


def test_a_thousand_random_secrets_agree_with_another_generator() -> None:
    """MFA-09: each code of otplib is right at its instant, and its step is that one, for secrets of our kind."""
    chance = random.Random(4226)
    secrets = [base64.b32encode(chance.randbytes(20)).decode() for _ in range(1000)]
    asked = [(secret, chance.randrange(2**33)) for secret in secrets]
    codes = generated(asked)
    assert len(codes) == len(asked)
    for (secret, epoch), code in zip(asked, codes, strict=True):
        at = datetime.fromtimestamp(epoch, UTC)
        assert pyotp.TOTP(secret).generate_otp(step_of(at)) == code
        assert matching_step(secret, code, at) is not None
