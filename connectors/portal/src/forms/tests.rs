//! Forms of a page that was made for it: the return of an application.

use encoding_rs::{GBK, UTF_8};
use scraper::Html;

use super::*;
use crate::pages::Pages;

const HIDDEN: &str = "<input type=hidden name=_csrf value=c><input type=hidden name=__VIEWSTATE \
    value='a=b+c'><input type=hidden name=sqbh value=DK1>";
const REASONS: &str = "<textarea name=thyy></textarea>";
const BUTTON: &str = "<input type=submit name=op value=退回>";

fn page(form: &str, beside: &str) -> String {
    format!(
        "<title>代开发票申请 详情</title><form id=thForm method=POST action=/p/dsh/th.do>{form}\
         </form>{beside}"
    )
}

fn fill(page: &str, encoding: &'static Encoding, reasons: &str) -> Result<Submission, Unfilled> {
    let pages = Pages::load(None).unwrap();
    let html = Html::parse_document(page);
    let base = Url::parse("http://portal/p/").unwrap();
    let at = base.join("dsh/detail.do?sqbh=DK1").unwrap();
    let values = [("reasons", reasons)];
    let fill = Fill {
        values: &values,
        ..Fill::press("return", "return")
    };
    let view = View::of(&pages, "detail", &html).map_err(Unfilled::Mismatch)?;
    view.fill(&base, &at, encoding, &fill)
}

fn why(page: &str) -> String {
    match fill(page, UTF_8, "x").unwrap_err() {
        Unfilled::Mismatch(mismatch) => {
            assert_eq!(
                (mismatch.page.as_str(), mismatch.selector.as_str()),
                ("detail", "form#thForm")
            );
            mismatch.why
        }
        Unfilled::Unsayable { field, .. } => panic!("{field} cannot be said"),
    }
}

#[test]
fn a_form_goes_out_as_it_came_with_its_fields_filled_in_the_charset_of_the_page() {
    let further = "<input type=hidden name=extra value=1>";
    let page = page(&format!("{HIDDEN}{further}{REASONS}{BUTTON}"), "");
    let sent = fill(&page, GBK, "税 a\nb").unwrap();
    assert_eq!(sent.url.as_str(), "http://portal/p/dsh/th.do");
    assert_eq!(
        std::str::from_utf8(&sent.body).unwrap(),
        "_csrf=c&__VIEWSTATE=a%3Db%2Bc&sqbh=DK1&extra=1&thyy=%CB%B0+a%0D%0Ab&op=%CD%CB%BB%D8"
    );
    let sent = fill(&page, UTF_8, "税").unwrap();
    assert!(
        sent.body
            .ends_with(b"&thyy=%E7%A8%8E&op=%E9%80%80%E5%9B%9E")
    );
    let unsayable = fill(&page, GBK, "\u{1F600}").unwrap_err();
    assert!(
        matches!(unsayable, Unfilled::Unsayable { charset: "GBK", .. }),
        "{unsayable:?}"
    );
}

#[test]
fn a_button_that_is_not_declared_is_found_wherever_it_stands() {
    for button in [
        "<button>转办</button>",
        "<button type=button name=op value=转办></button>",
        "<input type=image name=op value=转办>",
        "<input type=reset value=转办>",
    ] {
        let inside = page(&format!("{HIDDEN}{REASONS}{BUTTON}{button}"), "");
        assert!(
            why(&inside).contains("undeclared button `转办`"),
            "{button}"
        );
    }
    let outside = "<button form=thForm>转办</button>";
    let outside = page(&format!("{HIDDEN}{REASONS}{BUTTON}"), outside);
    assert!(why(&outside).contains("undeclared button `转办`"));
    let twice = page(&format!("{HIDDEN}{REASONS}{BUTTON}{BUTTON}"), "");
    assert!(why(&twice).contains("not one button `退回`"));
    let none = page(&format!("{HIDDEN}{REASONS}"), "");
    assert!(why(&none).contains("not one button `退回`"));
}

#[test]
fn fields_that_are_not_declared_or_are_missing_are_told() {
    let more = "<select name=yy><option value=1></select>";
    let more = page(&format!("{HIDDEN}{REASONS}{more}{BUTTON}"), "");
    assert!(why(&more).contains("undeclared field `yy`"));
    let less = page(&format!("{HIDDEN}{BUTTON}"), "");
    assert!(why(&less).contains("not one field `thyy`"));
    let hidden = HIDDEN.replace("name=_csrf", "name=token");
    let hidden = page(&format!("{hidden}{REASONS}{BUTTON}"), "");
    assert!(why(&hidden).contains("not one field `_csrf`"));
    let nameless = page(&format!("{HIDDEN}{REASONS}<input type=text>{BUTTON}"), "");
    assert!(why(&nameless).contains("without a name"));
}

#[test]
fn a_form_that_leads_elsewhere_or_comes_twice_is_told() {
    let right = page(&format!("{HIDDEN}{REASONS}{BUTTON}"), "");
    for (from, to) in [
        ("action=/p/dsh/th.do", "action=http://elsewhere/p/dsh/th.do"),
        ("action=/p/dsh/th.do", "action=/p/dsh/tg.do"),
        ("method=POST", "method=GET"),
    ] {
        let other = right.replace(from, to);
        assert!(why(&other).contains("does not post to `dsh/th.do`"), "{to}");
    }
    let with_file = right.replace("method=POST", "method=POST enctype=multipart/form-data");
    assert!(why(&with_file).contains("takes a file"));
    assert!(why(&format!("{right}{right}")).contains("matches 2 elements"));
    assert!(why(&right.replace("id=thForm", "id=other")).contains("matches nothing"));
}
