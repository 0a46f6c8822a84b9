"""Trains other filters on the split that `switchback-plugin-train sides` wrote, and prints a table of all of them.

Usage: compare.py FOLDER. The others see what is left when fields of the header that tell where mail was collected, tags and footers of
lists and the trap's address are taken out: `switchback train` masks that itself.
"""

import email
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

KEPT = (b"from", b"subject", b"reply-to", b"content-", b"mime-version")


def masked(mail):
    mail = mail.replace(b"\r\n", b"\n")
    if mail.startswith(b"From "):
        mail = mail.split(b"\n", 1)[1]
    head, _, body = mail.partition(b"\n\n")
    lines, keep = [], False
    for line in head.split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            keep = line.split(b":", 1)[0].lower().startswith(KEPT)
        if keep:
            lines.append(line)
    head = re.sub(rb"\[[^\]\n]{1,40}\]", b"", b"\n".join(lines))
    body = re.sub(rb"(?m)^[> ]*_{20,}.*(?:\n[^\n]+){0,8}", b"", body)
    return head + b"\n\n" + re.sub(rb"(?i)phishing(@|%40|=40)pot", b"", body)


def text(mail):
    message = email.message_from_bytes(mail)
    parts = [str(message.get("subject", "")), str(message.get("from", ""))]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True) or b""
            try:
                parts.append(content.decode(part.get_content_charset() or "utf-8", "replace"))
            except LookupError:
                parts.append(content.decode("latin-1"))
    return "\n".join(parts)


def found(scores, wrong):
    """How many unwanted messages score above all wanted ones but so many."""
    ham, spam = numpy.sort(scores[~is_spam])[::-1], scores[is_spam]
    return int((spam > ham[wrong]).sum()) if wrong < len(ham) else len(spam)


def row(name, scores, threshold):
    """A filter, at the threshold that it has by itself, and `switchback train` at the one that flags as many wanted messages."""
    scores = numpy.array(scores)
    right, wrong = (int((scores[side] >= threshold).sum()) for side in (is_spam, ~is_spam))
    curve = " | ".join(str(found(scores, at)) for at in (0, 1, 2, 4, 8))
    print(f"| {name} | {right}, {wrong} | {found(own_scores, wrong)} | {curve} | {roc_auc_score(is_spam, scores):.4f} |", flush=True)


def run(command, files, **more):
    listed = "".join(f"{file}\n" for file in files)
    return subprocess.run(command, input=listed.encode(), capture_output=True, **more).stdout.decode("latin-1")


folder = Path(sys.argv[1])
own = dict(line.rsplit("\t", 1) for line in (folder / "scores.tsv").read_text().splitlines())
for file in folder.glob("*/*/*.eml"):
    file.write_bytes(masked(file.read_bytes()))
learned = {kind: sorted((folder / "learned" / kind).iterdir()) for kind in ("ham", "spam")}
held_out = [folder / path for path in own]
is_spam = numpy.array([file.parent.name == "spam" for file in held_out])
print(f"learned from {len(learned['ham'])} wanted and {len(learned['spam'])} unwanted; held out {(~is_spam).sum()} and {is_spam.sum()}\n")
print("| | found, wanted flagged | as many flagged: `switchback train` finds | with 0 | 1 | 2 | 4 | 8 | area |\n|---|---|---|---|---|---|---|---|---|")
own_scores = numpy.array([float(score) for score in own.values()])
row("`switchback train`, from 0.5", own_scores, 0.5)

vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
files = learned["ham"] + learned["spam"]
model = LogisticRegression(C=100, max_iter=1000)
model.fit(vectors.fit_transform(text(file.read_bytes()) for file in files), [file.parent.name == "spam" for file in files])
row("scikit-learn, from 0.5", model.predict_proba(vectors.transform(text(file.read_bytes()) for file in held_out))[:, 1], 0.5)

bogofilter = ["bogofilter", "-d", str(folder), "-b"]
run([*bogofilter, "-n"], learned["ham"])
run([*bogofilter, "-s"], learned["spam"])
# Its `spam_cutoff`.
row("bogofilter, from 0.99", [float(line.rsplit(" ", 1)[1]) for line in run([*bogofilter, "-T"], held_out).strip().split("\n")], 0.99)

bayes = folder / "bayes"
(folder / "user_prefs").write_text(f"use_bayes 1\nbayes_auto_learn 0\nbayes_path {bayes}\nadd_header all Bayes _BAYES_\n")
for kind, files in learned.items():
    (folder / "files").write_text("".join(f"{file}\n" for file in files))
    run(["sa-learn", f"--{kind}", "--dbpath", str(bayes), "--folders", str(folder / "files")], [])
# One start for all messages: as one mbox, in which no line of a message begins one. They come back in another order.
separators = [b"From a@x " + time.asctime(time.gmtime(number)).encode() for number in range(len(held_out))]
mails = (re.sub(rb"(?m)^From ", b">From ", file.read_bytes()) for file in held_out)
mbox = b"".join(separator + b"\n" + mail + b"\n\n" for separator, mail in zip(separators, mails))
marked = subprocess.run(["spamassassin", "-L", "--mbox", "-p", str(folder / "user_prefs")], input=mbox, capture_output=True).stdout
parts = re.split(rb"(?m)^(From a@x .*)$", marked)[1:]
said = dict(zip(parts[::2], parts[1::2]))
results = [re.search(rb"(?m)^X-Spam-Bayes: *([0-9.]+)", said[separator]) for separator in separators]
# Of a message that says too little there is no result.
# From there on its rules add points: BAYES_60.
row("SpamAssassin's Bayes, from 0.6", [float(one[1]) if one else 0.5 for one in results], 0.6)
