//! One request, one answer.

use reqwest::{
    Request, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderName},
};

use super::{
    HttpStack, Outgoing, Reply, endpoint::Endpoint, fault::Fault, html, record::Seen, retry_after,
    revalidate::KeptAnswer,
};

/// Of a page behind a bad status so much is read to find its title.
const ERROR_PAGE_BYTES: usize = 64 * 1024;

impl HttpStack {
    /// Sends `request`, made from `outgoing`, and reads what comes. `seen` is told what came of it, whatever it
    /// ends with. A 304 is answered with what was `kept`.
    pub(super) async fn exchange<'a>(
        &self,
        endpoint: &'a Endpoint,
        outgoing: &Outgoing,
        request: Request,
        kept: Option<KeptAnswer>,
        seen: &mut Seen,
    ) -> Result<Reply<'a>, Fault> {
        let response = self
            .client
            .execute(request)
            .await
            .map_err(Fault::from_client)?;
        let status = response.status();
        seen.head(status);
        let content_type = text_of(response.headers(), header::CONTENT_TYPE).to_owned();
        if status == StatusCode::NOT_MODIFIED
            && let Some(kept) = kept
        {
            return Ok(kept.reply(endpoint));
        }
        let accept = &outgoing.accept;
        if !status.is_success() && !accept.takes(status) {
            let redirect = elsewhere(&outgoing.url, status, response.headers());
            let retry_after = retry_after::parse(
                text_of(response.headers(), header::RETRY_AFTER),
                jiff::Timestamp::now(),
            );
            // The page only adds to the message, so it may fail; read, the connection can be used again.
            let limit = self.max_response_bytes.min(ERROR_PAGE_BYTES);
            let page = whole(response, limit).await.ok();
            if let Some(page) = &page {
                seen.body(&content_type, page);
            }
            let title = page
                .filter(|page| html::is_html(&content_type, page))
                .and_then(|page| html::title(&content_type, &page));
            return Err(Fault::Status {
                status,
                retry_after,
                title,
                redirect,
            });
        }
        let headers = response.headers().clone();
        let body = whole(response, self.max_response_bytes).await?;
        seen.body(&content_type, &body);
        if !accept.markup && html::is_html(&content_type, &body) {
            let title = html::title(&content_type, &body);
            return Err(Fault::HtmlPage { title });
        }
        let head = (status, &headers);
        self.kept
            .keep(endpoint, outgoing, head, &content_type, &body);
        Ok(Reply::new(endpoint, status, headers, &content_type, body))
    }
}

/// The host that a redirect leads to, if it is another one.
fn elsewhere(asked: &Url, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let location = text_of(headers, header::LOCATION);
    if !status.is_redirection() || location.is_empty() {
        return None;
    }
    let there = asked.join(location).ok()?;
    let host = there.host_str()?;
    (there.host() != asked.host()).then(|| host.to_owned())
}

/// Reads a body to its end, and no further than `limit` bytes.
async fn whole(mut response: Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Fault::TooLarge { limit });
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(Fault::from_client)? {
        if body.len() + chunk.len() > limit {
            return Err(Fault::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
