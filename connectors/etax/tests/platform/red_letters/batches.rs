//! Dossiers and forms: batches, and what spoils them.

use std::ops::Range;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    red_letter::{
        BlueReference, BlueTraces, ConfirmationForm, RedLetterDossier, RedLetterQuery, RedLetters,
    },
};
use clerkwork_etax::wire::{
    self,
    red_letter::{Dossier, DossierAnswer, DossierQuery, DossierRequest, FormEntry, FormsAnswer},
};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{ok, refused, samples};
use crate::Platform;

/// The query of `HZ{n}`, which reverses an invoice of its own.
fn query(n: u32) -> RedLetterQuery {
    RedLetterQuery {
        application_number: format!("HZ{n}"),
        blue: BlueReference {
            number: format!("26442{n:015}"),
            ..samples::blue_reference()
        },
        ..samples::query()
    }
}

/// The dossier of `HZ{n}`: the issuer has issued `n` invoices.
fn dossier(query: &DossierQuery) -> Dossier {
    let mut dossier = RedLetterDossier {
        application: None,
        blue: None,
        traces: BlueTraces::default(),
        ..samples::dossier()
    };
    dossier.activity.issued = query.sqbh[2..].parse().unwrap();
    Dossier::of(query, &dossier)
}

fn dossiers(request: &Value) -> DossierAnswer {
    let request: DossierRequest = serde_json::from_value(request.clone()).unwrap();
    assert!(request.list.len() <= 50);
    DossierAnswer {
        sjc: 1_772_352_000_123,
        list: request.list.iter().map(dossier).collect(),
    }
}

async fn ask(platform: &Platform, of: Range<u32>) -> Vec<Result<RedLetterDossier, ConnectorError>> {
    join_all(of.map(|n| platform.etax.dossier(query(n)))).await
}

fn number(n: u32) -> String {
    format!("4400{n:016}")
}

fn form(number: &str) -> ConfirmationForm {
    ConfirmationForm {
        number: number.into(),
        ..samples::form()
    }
}

/// Forms with an even number exist.
fn forms(request: &Value) -> FormsAnswer {
    let numbers = request["list"].as_array().unwrap();
    assert!(numbers.len() <= wire::MAX_FORMS);
    let entry = |number: &Value| {
        let number = number.as_str().unwrap();
        let exists = number.ends_with(['0', '2', '4', '6', '8']);
        FormEntry {
            hzqrdbh: number.into(),
            hzqrd: exists.then(|| (&form(number)).into()),
        }
    };
    FormsAnswer {
        list: numbers.iter().map(entry).collect(),
    }
}

async fn look(
    platform: &Platform,
    of: Range<u32>,
) -> Vec<Result<Option<ConfirmationForm>, ConnectorError>> {
    let numbers: Vec<String> = of.map(number).collect();
    join_all(numbers.iter().map(|number| platform.etax.form(number))).await
}

#[tokio::test]
async fn five_hundred_dossiers_take_few_calls_and_each_caller_gets_its_own() {
    let platform = Platform::start(|method, request| {
        assert_eq!(method, wire::method::RED_DOSSIERS);
        ok(dossiers(request))
    })
    .await;
    for (result, n) in ask(&platform, 0..500).await.into_iter().zip(0..) {
        let dossier = result.unwrap();
        assert_eq!(dossier.activity.issued, n);
        assert_eq!(dossier.as_of, samples::dossier().as_of);
    }
    assert_eq!(platform.calls(), 10, "50 in each");
}

#[tokio::test]
async fn a_full_dossier_is_read_and_kept_as_it_came() {
    let platform = Platform::start(|_, request| {
        let request: DossierRequest = serde_json::from_value(request.clone()).unwrap();
        ok(DossierAnswer {
            sjc: 1_772_352_000_123,
            list: vec![Dossier::of(&request.list[0], &samples::dossier())],
        })
    })
    .await;
    let mut dossier = platform.etax.dossier(samples::query()).await.unwrap();
    let page = dossier.page.take().unwrap();
    assert_eq!(dossier, samples::dossier());
    assert_eq!((&*page.source, page.at), ("etax.dossier", dossier.as_of));
    let said: Dossier = serde_json::from_str(&page.body).unwrap();
    let sent = Dossier::of(&samples::query().into(), &samples::dossier());
    assert_eq!(said, sent);
}

/// 50 dossiers of reversals go out in one call; see `RED_DOSSIERS_PER_CALL`.
#[test]
fn the_longest_usual_dossiers_of_one_call_stay_below_what_is_read() {
    let (mut application, mut form) = (samples::application(), samples::form());
    let mut blue = samples::blue();
    application.lines = vec![application.lines[0].clone(); 100];
    form.draft.lines = vec![form.draft.lines[0].clone(); 100];
    blue.lines = vec![blue.lines[0].clone(); 100];
    let dossier = RedLetterDossier {
        application: Some(application),
        blue: Some(blue),
        traces: BlueTraces {
            forms: vec![form],
            saving: false,
        },
        ..samples::dossier()
    };
    let wire = Dossier::of(&samples::query().into(), &dossier);
    let bytes = serde_json::to_vec(&wire).unwrap().len();
    assert!(50 * bytes < 8 * 1024 * 1024, "{bytes} each");
}

#[tokio::test]
async fn five_hundred_forms_take_few_calls_and_one_that_is_not_there_is_nothing() {
    let platform = Platform::start(|method, request| {
        assert_eq!(method, wire::method::FORMS);
        ok(forms(request))
    })
    .await;
    for (result, n) in look(&platform, 0..500).await.into_iter().zip(0..) {
        let expected = (n % 2 == 0).then(|| form(&number(n)));
        assert_eq!(result.unwrap(), expected);
    }
    assert_eq!(platform.calls(), 3);
}

#[tokio::test]
async fn one_question_that_spoils_its_batch_spoils_no_other() {
    for spoilt in [
        refused("31001", "参数错误"),
        ok(json!({"sjc": 1, "list": [{"sqbh": 5}]})),
    ] {
        let platform = Platform::start(move |method, request| {
            let text = request.to_string();
            if text.contains("HZ77\"") || text.contains(&number(78)) {
                return spoilt.clone();
            }
            match method {
                wire::method::FORMS => ok(forms(request)),
                _ => ok(dossiers(request)),
            }
        })
        .await;
        for (result, n) in ask(&platform, 0..200).await.into_iter().zip(0..) {
            match result {
                Ok(dossier) => assert_eq!(dossier.activity.issued, n),
                Err(_) => assert_eq!(n, 77),
            }
        }
        for (result, n) in look(&platform, 0..200).await.into_iter().zip(0..) {
            match result {
                Ok(form) => assert_eq!(form.is_some(), n % 2 == 0),
                Err(_) => assert_eq!(n, 78),
            }
        }
        assert!(platform.calls() <= 34, "{}", platform.calls());
    }
}

#[tokio::test]
async fn a_word_in_no_table_spoils_its_own_item_alone() {
    let platform = Platform::start(|method, request| match method {
        wire::method::FORMS => {
            let mut answer = forms(request);
            let form = answer.list[2].hzqrd.as_mut().unwrap();
            form.hzqrxxzt_dm = "12".into();
            ok(answer)
        }
        _ => {
            let mut answer = dossiers(request);
            answer.list[1].bczt = "?".into();
            ok(answer)
        }
    })
    .await;
    let results = ask(&platform, 0..4).await;
    assert!(results[0].is_ok() && results[2].is_ok() && results[3].is_ok());
    let error = results[1].as_ref().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`?`") && error.message.contains("`bczt`"));
    let results = look(&platform, 0..4).await;
    assert!(results[0].is_ok() && results[1].is_ok() && results[3].is_ok());
    let error = results[2].as_ref().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`12`") && error.message.contains("`hzqrxxztDm`"));
    assert_eq!(platform.calls(), 2);
}

#[tokio::test]
async fn what_is_about_another_is_nobodys_answer() {
    let platform = Platform::start(|method, request| match method {
        wire::method::FORMS => {
            let mut answer = forms(request);
            answer.list[0].hzqrd = Some((&form(&number(2))).into());
            answer.list[1].hzqrdbh = number(3);
            ok(answer)
        }
        _ => {
            let mut answer = dossiers(request);
            answer.list[0].sqbh = "HZ1".into();
            answer.list[1].lzfp = Some((&samples::blue()).into());
            answer.list[2].hzqrd_list = vec![(&samples::form()).into()];
            answer.list[3].sqxx = Some(samples::application().into());
            ok(answer)
        }
    })
    .await;
    let dossiers = ask(&platform, 100..105).await;
    assert!(dossiers[4].is_ok());
    for (result, n) in dossiers.iter().zip(100..104) {
        let error = result.as_ref().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        let named = format!("another dossier stands where that of `HZ{n}` belongs");
        assert!(error.message.contains(&named), "{error}");
    }
    let forms = look(&platform, 0..4).await;
    assert!(forms[2].is_ok() && forms[3].is_ok());
    for (result, n) in forms.iter().zip(0..2) {
        let error = result.as_ref().unwrap_err();
        let named = format!("another form stands where that of `{}` belongs", number(n));
        assert!(error.message.contains(&named), "{error}");
    }
}

#[tokio::test]
async fn too_few_entries_are_nobodys_answers() {
    let platform = Platform::start(|method, request| match method {
        wire::method::FORMS => {
            let mut answer = forms(request);
            answer.list.pop();
            ok(answer)
        }
        _ => {
            let mut answer = dossiers(request);
            answer.list.pop();
            ok(answer)
        }
    })
    .await;
    for result in ask(&platform, 0..3).await {
        assert_eq!(result.unwrap_err().kind, ErrorKind::Misconfigured);
    }
    for result in look(&platform, 0..3).await {
        assert_eq!(result.unwrap_err().kind, ErrorKind::Misconfigured);
    }
}
