"""The features and facts of a message by the definition in wit/1.1.0/scoring.wit, one byte at a time.

Prints what the tests of this crate and of `host/model` expect: python3 features.py > ../src/golden.rs
Normalisation is not repeated here: the texts are in normal form already, but for capitals, digits and white space of
ASCII; `the_normalisation_is_frozen` has the rest.
"""

import hashlib
import re
import struct

K, MASK = 0x9FB21C651E98DF25, (1 << 64) - 1
TOKEN, WORD, START, GRAM = range(4)
SUBJECT, SENDER, BODY, LINK, REPLY_TO, STRUCTURE = range(1, 7)


def fold(h, block):
    return ((h ^ h >> 32 ^ block) * K) & MASK


def hash(kind, namespace, data):
    h = ((kind << 56 | len(data) << 32 | namespace) * K) & MASK
    for i in range(0, max(len(data), 1), 8):
        h = fold(h, int.from_bytes(data[i:i + 8], "little"))
    return h


def normalise(text):
    text = re.sub(r"[0-9]", "0", text)
    return re.sub(r"[\x00-\x1f\x7f]", " ", text).lower().encode()


def words(text, namespace):
    for word in re.findall(rb"[a-z0$%\x80-\xff]+", normalise(text)):
        yield hash(WORD, namespace, word[:32])


def pairs(text, namespace):
    last = hash(START, namespace, b"")
    for word in words(text, namespace):
        yield fold(last, word)
        last = word


def grams(text, namespace):
    spaced = b" " + normalise(text) + b" "
    for gram in (spaced[i:i + 5] for i in range(len(spaced) - 4)):
        if b"  " not in gram and gram[0] & 0xC0 != 0x80:
            yield hash(GRAM, namespace, gram)


def site(host):
    host = host.rstrip(".")
    if re.search(r"[0-9\]]$", host):
        return host
    labels = host.split(".")
    is_country = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3 if is_country else -2:])


def shows_another_host(text, host):
    found = re.search(r"://(.*)", text, re.S) or re.match(r"(www\..*)", text, re.S | re.I)
    named = re.match(r"[A-Za-z0-9.-]*", found[1])[0].strip(".") if found else ""
    return bool(host) and "." in named and site(named).lower() != site(host).lower()


def once(hashes):
    return list(dict.fromkeys(h >> 32 for h in hashes))


def structure(message):
    def label(label, name, bytes_max=64):
        cut = (label + name.encode()[:bytes_max].decode(errors="ignore")).encode()
        return [hash(TOKEN, STRUCTURE, cut.lower())] if name else []  # Of bytes only ASCII becomes lower case.

    hashes = []
    for name in message["fields"]:
        hashes += label("field:", name)
    for value in message["mailers"]:
        hashes += words(value, STRUCTURE)
    for media_type, charset, encoding in message["parts"][:64]:
        hashes += [*label("type:", media_type), *label("charset:", charset), *label("encoding:", encoding)]
    for name in message["attachments"]:
        hashes += label("extension:", name.rpartition(".")[2] if "." in name else "", 16)
    return once(hashes)


def fields(message, kind):
    """The four lists of one kind: `words`, `pairs` or `grams`."""
    tokens = kind is words
    token = lambda text, namespace: [hash(TOKEN, namespace, text.encode())] if tokens and text else []
    sender = []
    for name, address, domain in message["from"]:
        sender += [*kind(f"{name} {address}", SENDER), *token(domain, SENDER)]
    for domain in message["reply-to"]:
        sender += token(domain, REPLY_TO)
    links = []
    for url, host, text in message["links"][:64]:
        links += [*kind(url, LINK), *token(host, LINK), *token(site(host), LINK)]
        if shows_another_host(text, host):
            links += token("shows another host", LINK)
    body = message["text"].encode()[:32_768].decode(errors="ignore")
    return [once(hashes) for hashes in (kind(message["subject"], SUBJECT), sender, kind(body, BODY), links)]


MESSAGE = {
    "subject": "Your account, YOUR Account: 100% verified in 24 hours",
    "from": [("PayPal Support", "service@paypa1.example", "paypa1.example"), ("", "b@x.co.uk", "x.co.uk")],
    "reply-to": ["gmail.com", ""],
    "text": "Dear customer,\n\nplease log  in again and again.\nA pneumonoultramicroscopicsilicovolcanoconiosis é 7\n",
    "links": [
        ("http://192.0.2.7/login?id=12345", "192.0.2.7", "https://www.paypal.com/"),
        ("https://u1.ct.mail.example.co.uk/a", "u1.ct.mail.example.co.uk", "Help"),
        ("mailto:help@x.co.uk", "", "www.x.co.uk"),
        ("https://u2.ct.mail.example.co.uk/a", "u2.ct.mail.example.co.uk", "WWW.example.co.uk"),
    ],
    "fields": ["Received", "From", "Reply-To", "Subject", "X-Mailer", "x-mailer", "X-" + "long-" * 20, "MIME-Version"],
    "mailers": ["The Bat! (v3.99) Pro", "Mozilla/5.0"],
    "parts": [
        ("multipart/mixed", "", ""),
        ("text/html", "Windows-1252", "quoted-printable"),
        ("", "Käse", "7bit"),
        ("application/pdf", "", "base64"),
    ],
    "attachments": ["invoice.PDF", "none", "x.", "a.b.a-very-long-extension-é"],
}


# What the mail in the tests of `host/model` is read as.
MAIL = {
    "subject": "hello WORLD",
    "from": [("Café", "news@mail.Example.co.uk", "mail.example.co.uk")],
    "reply-to": ["x.example"],
    "text": "Log in 2 times: https://bank.example/",
    "links": [("http://192.0.2.7/x", "192.0.2.7", "https://bank.example/")],
    "fields": ["Received", "From", "Reply-To", "Subject", "X-Mailer", "Date", "Content-Type"],
    "mailers": ["The Bat! 3"],
    "parts": [("multipart/mixed", "", ""), ("text/html", "UTF-8", "7bit"), ("application/pdf", "", "")],
    "attachments": ["bill.PDF"],
}

# What the message has as a mail with a part of HTML in an envelope.
COUNTS = {"size": 1_000, "headers": 7, "received": 2, "parts": 3, "attachments": 1, "recipients": 5, "html": 70}
RESULTS = {"spf": 2, "dkim": 2, "dmarc": 6, "arc": 1}
DEFECTS = [0, 1, 0, 0, 1, 0]


def magnitude(n):
    x = n + 1
    e = x.bit_length() - 1
    return e + (x / 2**e - 1)


def share(text, test):
    data = text.encode()[:32_768]
    return sum(map(test, data)) / len(data) if data else 0


def facts(message):
    is_capital = lambda byte: 65 <= byte <= 90
    hosts = [host for _, host, _ in message["links"] if host]
    domains = [domain for _, _, domain in message["from"]]
    text = message["text"]
    return [
        magnitude(COUNTS["size"]),
        *(COUNTS[name] for name in ("headers", "received", "parts", "attachments", "recipients")),
        len(domains),
        any(domain and domain not in domains for domain in message["reply-to"]),
        magnitude(len(message["subject"].encode())),
        share(message["subject"], is_capital),
        magnitude(len(text.encode())),
        share(text, is_capital),
        share(text, lambda byte: 48 <= byte <= 57),
        share(text, lambda byte: byte > 127),
        share(text, lambda byte: byte in b" \t\n\r"),
        magnitude(COUNTS["html"]),
        len(message["links"]),
        len(set(hosts)),
        sum(shows_another_host(text, host) for _, host, text in message["links"]),
        sum(bool(re.search(r"[0-9\]]$", host)) for host in hosts),
        sum(bool(re.search(r"(^|\.)xn--", host)) for host in hosts),
        *RESULTS.values(),
        0,  # The author is not certain.
        *DEFECTS,
    ]


def shortest(number):
    """The shortest way to write a float of 32 bits."""
    texts = (f"{float(number):.{digits}g}" for digits in range(1, 10))
    text = next(text for text in texts if struct.pack("f", float(text)) == struct.pack("f", number))
    return text if "." in text else f"{text}.0"


def hexadecimal(numbers):
    return f"[{', '.join(f'0x{n:08x}' for n in numbers)}]"


def main():
    print("//! Written by `golden/features.py`, which follows the definition and shares no code with this crate.\n")
    print("/// For each kind the features of subject, sender, body and links.")
    print("pub(crate) const GOLDEN: [[&[u32]; 4]; 3] = [")
    for kind in (words, pairs, grams):
        print("    [")
        for numbers in fields(MESSAGE, kind):
            print(f"        &{hexadecimal(numbers)},")
        print("    ],")
    print("];\n")
    print("/// The structure.")
    print(f"pub(crate) const STRUCTURE: &[u32] = &{hexadecimal(structure(MESSAGE))};\n")
    print("/// The facts.")
    floats = [shortest(fact) for fact in facts(MESSAGE)]
    print(f"pub(crate) const FACTS: [f32; {len(floats)}] = [{', '.join(floats)}];")
    # Of the mail a digest: each list of each kind, then the structure, with its length before it, in 32-bit numbers, the
    # lowest byte first.
    lists = [*(numbers for kind in (words, pairs, grams) for numbers in fields(MAIL, kind)), structure(MAIL)]
    numbers = [number for numbers in lists for number in (len(numbers), *numbers)]
    print(f"// host/model: {hashlib.sha256(struct.pack(f'<{len(numbers)}I', *numbers)).hexdigest()}")


if __name__ == "__main__":
    main()
