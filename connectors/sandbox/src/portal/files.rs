//! Attachments: what came with the application, and what is added here.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use clerkwork_connectors_api::agent_invoice::Attachment;

use super::{
    PortalSettings, acts,
    detail::attachment_word,
    form::{self, Fields, escape},
    lock,
    pages::{ResultPage, banner, charset, send},
    session::Session,
};
use crate::state::State;

/// Most bytes of a file.
const MAX_BYTES: usize = 1024 * 1024;

/// A file that was added.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// The name of an attachment's file.
pub(super) fn name_of(attachment: Attachment) -> String {
    format!("{}.pdf", attachment_word(attachment))
}

/// Where a file is.
pub(super) fn link(settings: &PortalSettings, number: &str, name: &str) -> String {
    let name = escape(name, settings.charset.encoding());
    format!("/portal/fj/xz.do?sqbh={number}&wjm={name}")
}

/// `GET fj/xz.do?sqbh=&wjm=`.
pub(super) fn download(state: &State, settings: &PortalSettings, query: &Fields) -> Response {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (number, name) = (field("sqbh"), field("wjm"));
    let world = state.world();
    let application = world.index_of(number).and_then(|i| world.application(i));
    let mut attached = application.iter().flat_map(|it| &it.attachments);
    let (content, media_type) = if attached.any(|attachment| name_of(*attachment) == name) {
        // A file of its own for each attachment, and nothing that has to be drawn.
        let text = format!("%PDF-1.4\n% {number} {name}\n%%EOF\n");
        (text.into_bytes(), "application/pdf")
    } else {
        let added = state.portal().uploaded(number);
        match added.into_iter().find(|(known, _)| known == name) {
            Some((_, content)) => (content, "application/octet-stream"),
            None => return banner(settings, "附件不存在"),
        }
    };
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = HeaderValue::from_static("attachment");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

/// `POST fj/sc.do`: adds a file under a new name.
pub(super) fn upload(
    state: &State,
    settings: &PortalSettings,
    session: &mut Session,
    content_type: &str,
    body: &[u8],
) -> Response {
    let encoding = settings.charset.encoding();
    let Some((fields, Some(file))) = form::multipart(content_type, body, encoding) else {
        return banner(settings, "提交的数据无效");
    };
    if let Some(why) = acts::refusal(settings, session, &fields, ("op", "上传")) {
        return banner(settings, why);
    }
    let number = fields.get("sqbh").cloned().unwrap_or_default();
    let world = state.world();
    let Some(application) = world.index_of(&number).and_then(|i| world.application(i)) else {
        return banner(settings, "申请单不存在，请核对申请编号");
    };
    if file.content.is_empty() || file.content.len() > MAX_BYTES {
        return banner(settings, "附件为空或超过大小限制");
    }
    let mut uploads = lock(&state.portal().uploads);
    let added = uploads.entry(number.clone()).or_default();
    let mut attached = application.attachments.iter();
    if attached.any(|attachment| name_of(*attachment) == file.file_name)
        || added.iter().any(|known| known.name == file.file_name)
    {
        return banner(settings, "请勿重复提交：同名附件已存在");
    }
    let page = ResultPage {
        charset: charset(settings),
        title: "上传成功",
        rows: vec![
            ("申请编号", number),
            ("文件名", file.file_name.clone()),
            ("大小", file.content.len().to_string()),
        ],
        changed: settings.has(super::Variant::ResultChanged),
    };
    added.push(Upload {
        name: file.file_name,
        content: file.content,
    });
    drop(uploads);
    send(settings, &page)
}
