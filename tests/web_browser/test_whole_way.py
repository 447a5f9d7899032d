"""From a dropped CSV to a published package, as somebody does it who reads what is on screen."""

import zipfile

from playwright.sync_api import expect

from claqueur.package import check_package
from tests.conftest import lockstep_table
from tests.web_browser.conftest import PATIENCE


def test_from_a_dropped_csv_to_a_published_package(opens, tmp_path):
    table = tmp_path / "likes.csv"
    lockstep_table().rename({"account_id": "who", "object_id": "post"}).write_csv(table)
    tab = opens("/")
    tab.get_by_label("Name of its folder").fill("vera")
    tab.get_by_label("Title (optional)").fill("Vera's case")
    tab.get_by_role("button", name="Make the case").click()

    expect(tab.get_by_role("heading", level=1)).to_have_text("Data")
    tab.get_by_label("Choose files").set_input_files(table)
    expect(tab.get_by_role("heading", name="likes.csv")).to_be_visible(timeout=PATIENCE)
    start = tab.get_by_role("button", name="Import", exact=True)
    expect(start).to_be_disabled()
    tab.get_by_label("Who (account)").select_option("who")
    tab.get_by_label("On what (post)").select_option("post")
    expect(tab.get_by_text("can be imported as it stands")).to_be_visible(timeout=PATIENCE)
    assert "700000000" not in tab.inner_text("main")
    start.click()
    expect(tab.get_by_text("In the case", exact=True)).to_be_visible(timeout=PATIENCE)

    tab.get_by_role("link", name="Run the search").click()
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_role("link", name="Look at the groups").click(timeout=PATIENCE)
    tab.get_by_role("link", name="Group 1", exact=True).click()
    expect(tab.get_by_text("12 accounts (rows)")).to_be_visible()

    tab.get_by_role("link", name="Publish", exact=True).click()
    expect(tab.get_by_role("button", name="Publish the package")).to_be_disabled()
    tab.get_by_role("link", name="Review the findings").click()
    tab.get_by_role("radio", name="Accept").check()
    tab.get_by_label("Why").fill("read, with all its events")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("Every finding is reviewed.")).to_be_visible()
    tab.get_by_role("main").get_by_role("link", name="Publish", exact=True).click()

    tab.get_by_role("button", name="Check for leaks").click()
    expect(tab.get_by_text("May be published", exact=False).first).to_be_visible(timeout=PATIENCE)
    tab.get_by_role("button", name="Publish the package").click()
    link = tab.get_by_role("link", name="Download the package")
    expect(link).to_be_visible(timeout=PATIENCE)
    with tab.expect_download() as download:
        link.click()
    zipfile.ZipFile(download.value.path()).extractall(tmp_path / "package")
    (unpacked,) = (tmp_path / "package").iterdir()
    assert check_package(unpacked).sound
