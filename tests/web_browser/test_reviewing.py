"""Reviewing with the keyboard, and by two people who do not see whom they judge."""

import re

from playwright.sync_api import expect


def test_by_keyboard_with_undo(opens):
    tab = opens("/c/planted/review")
    findings = tab.get_by_role("list", name="Findings").get_by_role("link")
    findings.first.wait_for()
    count = findings.count()
    assert count > 2
    tab.keyboard.press("j")
    expect(findings.nth(1)).to_have_attribute("aria-current", "true")
    tab.keyboard.press("k")
    tab.keyboard.press("a")
    expect(tab.get_by_label("Why")).to_be_focused()
    tab.keyboard.type("seen in the matrix")
    tab.keyboard.press("Enter")
    expect(findings.nth(0)).to_contain_text("accepted")
    expect(findings.nth(1)).to_have_attribute("aria-current", "true")
    tab.keyboard.press("r")
    tab.keyboard.type("own followers")
    tab.keyboard.press("Enter")
    expect(findings.nth(1)).to_contain_text("rejected")
    tab.keyboard.press("u")
    expect(findings.nth(1)).to_contain_text("open")
    tab.keyboard.press("u")
    expect(findings.nth(0)).to_contain_text("open")
    expect(tab.get_by_text(f"{count} findings are still open.")).to_be_visible()


def test_two_reviewers_give_a_precision(opens):
    tab = opens("/c/planted/review/sample")
    tab.get_by_label("Members in the sample").fill("5")
    tab.get_by_role("button", name="Draw the sample").click()
    size = 10
    for name in ("Anna", "Boris"):
        tab.get_by_label("Decisions are entered as").fill(name)
        tab.get_by_role("button", name="Change").click()
        expect(tab.get_by_text(f"Now reviewing: {name}")).to_be_visible()
        tab.goto("/c/planted/review/sample")
        for place in range(1, size + 1):
            expect(tab.get_by_role("heading", name=f"Card {place} of {size}")).to_be_visible()
            tab.keyboard.press("l" if place % 2 else "o")
            expect(tab.get_by_text(f"{place} of {size} judged")).to_be_visible()
    expect(tab.get_by_text("Precision (95% interval)")).to_be_visible()
    expect(tab.get_by_text(re.compile(r"% \(.*% – .*%\), \d of \d")).first).to_be_visible()


def test_the_checklist_remembers(opens):
    tab = opens("/c/planted/review/checklist")
    tab.get_by_role("checkbox", name=re.compile("platform was asked")).check()
    expect(tab.get_by_text("Right of reply: 1 of 10 done")).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("checkbox", name=re.compile("platform was asked"))).to_be_checked()
