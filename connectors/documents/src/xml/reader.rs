//! Elements one by one.

use std::io::BufRead;

use quick_xml::{
    Error as XmlError, Reader, XmlVersion,
    errors::{IllFormedError, SyntaxError},
    events::{BytesDecl, BytesStart, Event},
    name::{NamespaceResolver, ResolveResult},
};

use super::{
    Limits,
    guard::{Exceeded, Guard},
};
use crate::error::{DocumentError, Place, cut};

/// A child element that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its namespace, empty when it has none.
    pub(crate) namespace: String,
    /// Its name without a prefix.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute without a namespace.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What comes next.
enum Piece {
    Open(Element),
    Close,
    Text(String),
    End,
}

/// An open element: its step of the path, and the last child, to count those of one name.
struct Frame {
    step: String,
    last_child: String,
    same: usize,
}

/// Walks through a document. Every element that [`child`](Self::child) entered is left by
/// [`text`](Self::text), [`skip`](Self::skip), or by `child` when it has no more.
pub(crate) struct XmlReader<R> {
    reader: Reader<Guard<R>>,
    resolver: NamespaceResolver,
    limits: Limits,
    frames: Vec<Frame>,
    buffer: Vec<u8>,
    /// The last tag was `<a/>`: its end is still to be told.
    pending_close: bool,
    started: bool,
}

impl<R: BufRead> XmlReader<R> {
    /// Opens a document and enters its root.
    pub(crate) fn open(source: R, limits: Limits) -> Result<(Self, Element), DocumentError> {
        let guard =
            Guard::new(source, limits).map_err(|error| DocumentError::Io(error.to_string()))?;
        let mut reader = Reader::from_reader(guard);
        reader.config_mut().check_comments = true;
        let mut this = Self {
            reader,
            resolver: NamespaceResolver::default(),
            limits,
            frames: Vec::new(),
            buffer: Vec::new(),
            pending_close: false,
            started: false,
        };
        let root = loop {
            match this.next_piece()? {
                Piece::Open(root) => break root,
                Piece::Text(text) if is_blank(&text) => {}
                Piece::Text(_) | Piece::Close => {
                    return Err(this.malformed("this does not begin like an XML document"));
                }
                Piece::End if this.place().byte == 0 => return Err(DocumentError::Empty),
                Piece::End => return Err(this.cut_off()),
            }
        };
        Ok((this, root))
    }

    /// Enters the next child of the element that is open; nothing when there is none, and the
    /// element is left.
    fn child(&mut self) -> Result<Option<Element>, DocumentError> {
        loop {
            match self.next_piece()? {
                Piece::Open(element) => return Ok(Some(element)),
                Piece::Close => return Ok(None),
                Piece::Text(text) if is_blank(&text) => {}
                Piece::Text(_) => {
                    return Err(self.malformed("a text stands where only elements may stand"));
                }
                Piece::End => return Err(self.cut_off()),
            }
        }
    }

    /// Hands every child of the open element to `take`, which reads it and says so, or leaves it to
    /// be skipped; leaves the element.
    pub(crate) fn each(
        &mut self,
        mut take: impl FnMut(&mut Self, &Element) -> Result<bool, DocumentError>,
    ) -> Result<(), DocumentError> {
        while let Some(element) = self.child()? {
            if !take(self, &element)? {
                self.skip()?;
            }
        }
        Ok(())
    }

    /// The text of the element that is open, without white space around it; leaves the element.
    pub(crate) fn text(&mut self) -> Result<String, DocumentError> {
        let mut whole = String::new();
        loop {
            match self.next_piece()? {
                Piece::Text(text) => {
                    whole.push_str(&text);
                    if whole.len() as u64 > self.limits.piece_bytes {
                        return Err(self.piece_too_long());
                    }
                }
                Piece::Close => {
                    let space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
                    return Ok(whole.trim_matches(space).to_owned());
                }
                Piece::Open(_) => {
                    return Err(self.malformed("an element stands where only a text may stand"));
                }
                Piece::End => return Err(self.cut_off()),
            }
        }
    }

    /// Takes the text of an element that stands at most once; leaves the element.
    pub(crate) fn text_into(&mut self, slot: &mut Option<String>) -> Result<(), DocumentError> {
        self.once(slot)?;
        *slot = Some(self.text()?);
        Ok(())
    }

    /// Refuses the open element when something like it was there before.
    pub(crate) fn once<T>(&self, slot: &Option<T>) -> Result<(), DocumentError> {
        match slot {
            None => Ok(()),
            Some(_) => Err(DocumentError::Doubled { path: self.path() }),
        }
    }

    /// Leaves the element that is open, whatever it holds.
    pub(crate) fn skip(&mut self) -> Result<(), DocumentError> {
        let depth = self.frames.len();
        loop {
            match self.next_piece()? {
                Piece::Close if self.frames.len() < depth => return Ok(()),
                Piece::Open(_) | Piece::Close | Piece::Text(_) => {}
                Piece::End => return Err(self.cut_off()),
            }
        }
    }

    /// Makes sure that nothing follows the root, which was left.
    pub(crate) fn finish(mut self) -> Result<(), DocumentError> {
        loop {
            match self.next_piece()? {
                Piece::End => return Ok(()),
                Piece::Text(text) if is_blank(&text) => {}
                Piece::Text(_) | Piece::Open(_) | Piece::Close => {
                    return Err(self.malformed("something stands after the end of the document"));
                }
            }
        }
    }

    /// The element that is open, from the root on.
    pub(crate) fn path(&self) -> String {
        let steps: Vec<_> = self
            .frames
            .iter()
            .map(|frame| frame.step.as_str())
            .collect();
        steps.join("/")
    }

    fn place(&self) -> Place {
        self.reader.get_ref().place()
    }

    fn next_piece(&mut self) -> Result<Piece, DocumentError> {
        if self.pending_close {
            self.pending_close = false;
            self.leave();
            return Ok(Piece::Close);
        }
        loop {
            self.reader.get_mut().begin_piece();
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            let before = self.place();
            let piece = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => self.take(event, before),
                Err(error) => Err(self.broken(error, before)),
            };
            let piece = match piece {
                // A declaration of a type is told as such, however it ends.
                Err(_) if is_doctype(&buffer) => Err(DocumentError::Doctype { place: before }),
                piece => piece,
            };
            self.buffer = buffer;
            if let Some(piece) = piece? {
                return Ok(piece);
            }
        }
    }

    fn take(&mut self, event: Event<'_>, place: Place) -> Result<Option<Piece>, DocumentError> {
        let first = !self.started;
        self.started = true;
        match event {
            Event::Start(tag) => Ok(Some(Piece::Open(self.enter(&tag)?))),
            Event::Empty(tag) => {
                let element = self.enter(&tag)?;
                self.pending_close = true;
                Ok(Some(Piece::Open(element)))
            }
            Event::End(_) => {
                self.leave();
                Ok(Some(Piece::Close))
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                self.legal(&text)?;
                Ok(Some(Piece::Text(text.into_owned())))
            }
            // Literal, even where it looks like an end of a document or is blank.
            Event::CData(text) => {
                let text = text.xml10_content();
                self.legal(&text)?;
                if self.frames.is_empty() {
                    return Err(self.malformed("a text stands outside of the document"));
                }
                Ok(Some(Piece::Text(text.into_owned())))
            }
            Event::GeneralRef(reference) => {
                if self.frames.is_empty() {
                    return Err(self.malformed("a text stands outside of the document"));
                }
                let text = self.resolve(&reference, place)?;
                Ok(Some(Piece::Text(text)))
            }
            Event::Comment(text) => {
                self.legal(&text)?;
                Ok(None)
            }
            Event::Decl(declaration) => {
                if !first {
                    return Err(DocumentError::Instruction { place });
                }
                self.declared(&declaration)?;
                Ok(None)
            }
            Event::PI(_) => Err(DocumentError::Instruction { place }),
            Event::DocType(_) => Err(DocumentError::Doctype { place }),
            Event::Eof => Ok(Some(Piece::End)),
        }
    }

    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<Element, DocumentError> {
        if self.frames.len() >= self.limits.depth {
            return Err(DocumentError::TooDeep {
                place: self.place(),
                limit: self.limits.depth,
            });
        }
        let bound = self.resolver.push(tag);
        let (namespace, local) = self.resolver.resolve_element(tag.name());
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => Some(namespace.0.to_owned()),
            ResolveResult::Unbound => Some(String::new()),
            ResolveResult::Unknown(_) => None,
        };
        let name = local.as_ref().to_owned();
        self.open_frame(&name);
        if let Err(error) = bound {
            return Err(self.malformed(error.to_string()));
        }
        if !is_name(tag.name().as_ref()) {
            return Err(self.malformed("this is no name of an element"));
        }
        let namespace = namespace.ok_or_else(|| self.malformed("its prefix is not declared"))?;
        let attributes = self.attributes(tag)?;
        Ok(Element {
            namespace,
            name,
            attributes,
        })
    }

    fn open_frame(&mut self, name: &str) {
        let mut step = cut(name);
        if let Some(parent) = self.frames.last_mut() {
            if parent.last_child == name {
                parent.same += 1;
                step = format!("{step}[{}]", parent.same);
            } else {
                parent.last_child = name.to_owned();
                parent.same = 1;
            }
        }
        self.frames.push(Frame {
            step,
            last_child: String::new(),
            same: 0,
        });
    }

    fn leave(&mut self) {
        self.frames.pop();
        self.resolver.pop();
    }

    fn attributes(&self, tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, DocumentError> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(error.to_string()))?;
            if attributes.len() == self.limits.attributes {
                return Err(DocumentError::TooManyAttributes {
                    place: self.place(),
                    path: self.path(),
                    limit: self.limits.attributes,
                });
            }
            if attribute.value.contains('<') {
                return Err(self.malformed("`<` stands in an attribute"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|_| self.malformed("an attribute holds an entity that is not taken"))?;
            self.legal(&value)?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(attributes)
    }

    fn resolve(&self, reference: &str, place: Place) -> Result<String, DocumentError> {
        let predefined = match reference {
            "lt" => Some("<"),
            "gt" => Some(">"),
            "amp" => Some("&"),
            "apos" => Some("'"),
            "quot" => Some("\""),
            _ => None,
        };
        if let Some(text) = predefined {
            return Ok(text.to_owned());
        }
        let number = |digits: &str, radix| {
            let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            let code = plain.then(|| u32::from_str_radix(digits, radix).ok());
            code.flatten().and_then(char::from_u32)
        };
        let character = match reference.strip_prefix('#') {
            Some(rest) => match rest.strip_prefix('x') {
                Some(hexadecimal) => number(hexadecimal, 16),
                None => number(rest, 10),
            },
            None => None,
        };
        match character {
            Some(character) if is_legal(character) => Ok(character.to_string()),
            Some(_) | None => Err(DocumentError::Entity {
                place,
                name: cut(reference),
            }),
        }
    }

    fn declared(&self, declaration: &BytesDecl<'_>) -> Result<(), DocumentError> {
        let wrong = |what| self.malformed(what);
        match declaration.version() {
            Ok(version) if version == "1.0" => {}
            Ok(_) | Err(_) => return Err(wrong("the declaration is not of XML 1.0")),
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Ok(name))
                if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8") =>
            {
                Ok(())
            }
            Some(Ok(name)) => Err(DocumentError::Encoding {
                declared: cut(&name),
            }),
            Some(Err(_)) => Err(wrong("the declaration cannot be read")),
        }
    }

    /// Refuses what XML 1.0 does not take in any form.
    fn legal(&self, text: &str) -> Result<(), DocumentError> {
        if text.chars().all(is_legal) {
            Ok(())
        } else {
            Err(self.malformed("a control character stands in it"))
        }
    }

    fn broken(&self, error: XmlError, before: Place) -> DocumentError {
        let guard = self.reader.get_ref();
        match guard.exceeded {
            Some(Exceeded::Document) => {
                return DocumentError::TooLarge {
                    limit: self.limits.document_bytes,
                };
            }
            Some(Exceeded::Piece) => return self.piece_too_long(),
            None => {}
        }
        match error {
            XmlError::Io(error) => DocumentError::Io(error.to_string()),
            XmlError::Encoding(quick_xml::encoding::EncodingError::Utf8(fault))
                if guard.at_end && fault.error_len().is_none() =>
            {
                self.cut_off()
            }
            XmlError::Encoding(_) => DocumentError::NotUtf8 { place: before },
            XmlError::Syntax(
                SyntaxError::InvalidBangMarkup
                | SyntaxError::UnclosedPI
                | SyntaxError::UnclosedXmlDecl
                | SyntaxError::UnclosedComment
                | SyntaxError::UnclosedDoctype
                | SyntaxError::UnclosedCData
                | SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            )
            | XmlError::IllFormed(IllFormedError::UnclosedReference)
                if guard.at_end =>
            {
                self.cut_off()
            }
            XmlError::Syntax(_)
            | XmlError::IllFormed(_)
            | XmlError::InvalidAttr(_)
            | XmlError::Escape(_)
            | XmlError::Namespace(_) => {
                let text: String = error.to_string().chars().take(120).collect();
                self.malformed(text)
            }
        }
    }

    fn piece_too_long(&self) -> DocumentError {
        DocumentError::PieceTooLong {
            place: self.place(),
            path: self.path(),
            limit: self.limits.piece_bytes,
        }
    }

    fn cut_off(&self) -> DocumentError {
        DocumentError::CutOff {
            place: self.place(),
            path: self.path(),
        }
    }

    fn malformed(&self, what: impl Into<String>) -> DocumentError {
        DocumentError::Malformed {
            place: self.place(),
            path: self.path(),
            what: what.into(),
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

fn is_doctype(piece: &[u8]) -> bool {
    piece
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"<!D"))
}

/// Roughly what XML takes as a name: enough to tell a tag from an accident.
fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    name.starts_with(starts) && name.chars().all(goes_on)
}

/// The characters of XML 1.0.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
