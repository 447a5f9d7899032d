"""A shared room: signing in with a password, and what a reader does not get to see."""

import re
import subprocess
import sys

from playwright.sync_api import expect

from claqueur.web.users import add_user


def test_a_reader_signs_in_and_only_reads(chromium, cases, tmp_path):
    users = tmp_path / "users.json"
    add_user(users, "Leo", "reader", "a long password of Leo")
    command = [sys.executable, "-m", "claqueur", "serve", str(cases), "--no-open", "--users"]
    with subprocess.Popen([*command, str(users)], stdout=subprocess.PIPE, text=True) as server:
        base = re.search(r"http://[^\s/]+", server.stdout.readline()).group(0)
        context = chromium.new_context(locale="en-GB", base_url=base)
        tab = context.new_page()
        tab.goto("/c/planted/review")
        tab.get_by_label("Name").fill("Leo")
        tab.get_by_label("Password").fill("a wrong password")
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.get_by_role("alert")).to_be_visible()
        tab.get_by_label("Password").fill("a long password of Leo")
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Review")
        expect(tab.get_by_text("Your role reads")).to_be_visible()
        expect(tab.get_by_role("button", name="Show identities…")).to_have_count(0)
        expect(tab.get_by_role("link", name="Log")).to_have_count(0)
        expect(tab.get_by_label("Why")).to_have_count(0)
        tab.get_by_role("button", name="Sign out").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Sign in")
        context.close()
        server.terminate()
