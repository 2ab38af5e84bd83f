"""Mailboxes that are nobody's own, and domains that are no institution's: pure lists (S73).

The names of shared mailboxes are those of RFC 2142 and their like in English, Dutch, German and French offices. The
domains of public mail providers are put together by hand from what the providers offer; no data set was copied.
"""

_SHARED_NAMES = """
abuse account accounts admin administratie administration administrator administrators all alle allen archive backup
balie beheer billing board bounce bounces buero buro contact contactus daemon data dataaccess datadesk desk devnull
donotreply dpo enquiries everybody everyone fg finance frontdesk ftp gdpr general hello help helpdesk hostmaster hr
ict inbox info inquiries invoice it itdesk jobs kontakt lab laboratory library list list-request mail mailbox
mailer-daemon mailing management marketing medewerkers news nobody noc noreply null office onderzoek onderzoekers
ontvangst pers personeel personnel postmaster poststelle press privacy receptie reception redactie registry research
researchers root sales secretariaat secretariat secretaries secretary security sekretariat service servicedesk
services shared staff studenten students study support sysadmin system team test trouble usenet user users uucp
verwaltung web webmaster www
"""
_PUBLIC_DOMAINS = """
10minutemail.com 126.com 163.com aol.com bk.ru btinternet.com casema.nl chello.nl comcast.net cox.net disroot.org
duck.com email.com fastmail.com fastmail.fm free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de
gmx.net googlemail.com guerrillamail.com hetnet.nl home.nl hotmail.be hotmail.co.uk hotmail.com hotmail.de hotmail.fr
hotmail.it hotmail.nl hushmail.com icloud.com inbox.com inbox.ru interia.pl kpnmail.nl kpnplanet.nl laposte.net
libero.it list.ru live.be live.co.uk live.com live.nl luukku.com mac.com mail.com mail.ru mailbox.org mailfence.com
mailinator.com me.com msn.com naver.com o2.pl onet.pl online.nl orange.fr outlook.com outlook.de outlook.fr
passport.com planet.nl pm.me posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com quicknet.nl
rediffmail.com riseup.net rocketmail.com runbox.com seznam.cz sfr.fr skynet.be startmail.com t-online.de tele2.nl
telenet.be telfort.nl temp-mail.org tempmail.com tiscali.it trashmail.com tuta.com tuta.io tutamail.com tutanota.com
tutanota.de upcmail.nl verizon.net versatel.nl virgilio.it wanadoo.fr web.de wp.pl xs4all.nl yahoo.co.uk yahoo.com
yahoo.de yahoo.fr yahoo.it yandex.com yandex.ru yopmail.com zeelandnet.nl ziggo.nl zoho.com zohomail.eu
"""

SHARED = frozenset(_SHARED_NAMES.split())
"""Local parts that name an office, a list or a machine, without `-` and `_` or with."""

PUBLIC = frozenset(_PUBLIC_DOMAINS.split())
"""Domains at which anybody gets a mailbox."""


def is_shared(email: str) -> bool:
    """Say whether a normal address is that of an office rather than of a person: `info@`, `secretariaat+x@` (S73)."""
    local = email.rpartition("@")[0].partition("+")[0]
    return local in SHARED or local.replace("_", "").replace("-", "") in SHARED


def is_public(domain: str) -> bool:
    """Say whether a normal domain, or one that it lies in, gives a mailbox to anybody (S73)."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in PUBLIC for start in range(len(labels)))
