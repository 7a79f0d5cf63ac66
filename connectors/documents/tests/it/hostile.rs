//! What must never get in, and how it is told.

use std::io::{self, BufRead, BufReader, Read};

use clerkwork_documents::{DocumentError, DocumentErrorKind, Limits, read};

use crate::{FILES, file, parse};

fn error(text: &str) -> DocumentError {
    parse(text).unwrap_err()
}

/// Checks that it is told in the form that all errors have.
fn told(error: &DocumentError) -> String {
    let text = error.to_string();
    assert!(!text.ends_with('.'), "{text}");
    assert!(text.len() < 500, "{text}");
    text
}

#[test]
fn a_document_type_is_refused_whatever_it_holds() {
    let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol \"lol\">\
                  <!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]>\n<EInvoice>&lol2;</EInvoice>";
    let outside = "<!DOCTYPE EInvoice [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><EInvoice/>";
    let plain = "<!doctype EInvoice><EInvoice/>";
    let parameter = "<!DOCTYPE a [<!ENTITY % x SYSTEM \"http://127.0.0.1/\"> %x;]><EInvoice/>";
    let unended = format!("<!DOCTYPE a [{}", "<!ENTITY a 'b'>".repeat(10_000));
    for text in [laughs, outside, plain, parameter, &unended, "<!DOCTYPE"] {
        let error = error(text);
        assert!(matches!(error, DocumentError::Doctype { .. }), "{error}");
        assert!(told(&error).contains("<!DOCTYPE"));
    }
}

#[test]
fn only_the_entities_of_xml_itself_are_taken() {
    for name in ["lol", "nbsp", "#xD800", "#0", "#x110000", "#", "#x", "#+65"] {
        let text = format!("<EInvoice><Header>{}</Header></EInvoice>", "");
        let text = text.replace("<Header>", &format!("<Header><EIid>&{name};</EIid>"));
        let error = error(&text);
        assert!(
            matches!(error, DocumentError::Entity { .. }),
            "{name}: {error}"
        );
    }
    let good = file("einvoice_blue_bom.xml").replace("&amp;", "&#38;&#x26;&lt;&gt;&apos;&quot;");
    let name = &parse(&good).unwrap().lines[0].item_name;
    assert_eq!(name, "*计算机外部设备*显示器 &&<>'\" 支架");
}

#[test]
fn an_entity_in_an_attribute_is_refused() {
    let error = error("<EInvoice a=\"&lol;\"/>");
    assert_eq!(error.kind(), DocumentErrorKind::Form, "{error}");
}

#[test]
fn processing_instructions_are_refused() {
    let text = "<?xml version=\"1.0\"?><?xml-stylesheet href=\"a.xsl\"?><EInvoice/>";
    assert!(matches!(error(text), DocumentError::Instruction { .. }));
    let twice = "<?xml version=\"1.0\"?><?xml version=\"1.0\"?><EInvoice/>";
    assert!(matches!(error(twice), DocumentError::Instruction { .. }));
}

#[test]
fn other_encodings_are_told_to_be_saved_as_utf_8() {
    let declared = file("einvoice_red.xml").replace("UTF-8", "GBK");
    let error = error(&declared);
    assert_eq!(
        told(&error),
        "the document says that it is in `GBK`; save it as UTF-8"
    );
    // 北京 in GBK, undeclared.
    let mut bytes = b"<EInvoice><Header><EIid>".to_vec();
    bytes.extend_from_slice(b"\xb1\xb1\xbe\xa9</EIid></Header></EInvoice>");
    let wide: Vec<u8> = "<EInvoice/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xff\xfe".as_slice(), &wide].concat();
    for bytes in [bytes, marked] {
        let error = read(bytes.as_slice(), Limits::default()).unwrap_err();
        assert!(matches!(error, DocumentError::NotUtf8 { .. }), "{error}");
        assert!(told(&error).contains("save it as UTF-8"));
    }
    let unmarked = read(wide.as_slice(), Limits::default()).unwrap_err();
    assert_eq!(unmarked.kind(), DocumentErrorKind::Form, "{unmarked}");
}

#[test]
fn nesting_has_an_end() {
    let text = format!("<EInvoice>{}", "<a>".repeat(100_000));
    assert!(matches!(
        error(&text),
        DocumentError::TooDeep { limit: 32, .. }
    ));
}

#[test]
fn attributes_have_an_end() {
    let many: String = (0..100).map(|n| format!(" a{n}=\"\"")).collect();
    let error = error(&format!("<EInvoice{many}/>"));
    assert!(
        matches!(error, DocumentError::TooManyAttributes { limit: 32, .. }),
        "{error}"
    );
}

#[test]
fn one_piece_of_a_document_has_an_end() {
    let huge = "x".repeat(70_000);
    for text in [
        format!("<EInvoice a=\"{huge}\"/>"),
        format!("<EInvoice><Header><EIid>{huge}</EIid></Header></EInvoice>"),
        format!("<EInvoice><!--{huge}--></EInvoice>"),
        format!("<EInvoice><![CDATA[{huge}]]></EInvoice>"),
        format!("<{huge}/>"),
        // Many small pieces of one text.
        format!(
            "<EInvoice><TaxSupervisionInfo><InvoiceNumber>{}",
            "1&amp;".repeat(40_000)
        ),
    ] {
        let error = error(&text);
        assert!(
            matches!(error, DocumentError::PieceTooLong { .. }),
            "{error}"
        );
        told(&error);
    }
}

/// A document without an end, that counts what is read of it.
struct Endless {
    begin: &'static [u8],
    read: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let text = b"<Unknown>0123456789</Unknown>\n";
        let mut count = 0;
        for byte in buffer.iter_mut() {
            *byte = match self.begin.split_first() {
                Some((first, rest)) => {
                    self.begin = rest;
                    *first
                }
                None => text[usize::try_from(self.read).unwrap() % text.len()],
            };
            self.read += 1;
            count += 1;
        }
        Ok(count)
    }
}

#[test]
fn a_huge_file_is_refused_without_being_read_to_its_end() {
    // The beginning is as long as a line, so that whole elements follow.
    let begin = b"<EInvoice>\n                   ";
    assert_eq!(begin.len(), 30);
    let mut endless = BufReader::new(Endless { begin, read: 0 });
    assert_eq!(Limits::default().document_bytes, 8 << 20);
    let limits = Limits {
        document_bytes: 1 << 20,
        ..Limits::default()
    };
    let error = read(&mut endless, limits).unwrap_err();
    assert_eq!(error, DocumentError::TooLarge { limit: 1 << 20 });
    let read = endless.get_ref().read;
    assert!(
        read < limits.document_bytes + 100_000,
        "{read} bytes were read"
    );
}

#[test]
fn a_document_of_exactly_the_limit_is_read() {
    let text = file("einvoice_red.xml");
    let size = text.len() as u64;
    let limited = |document_bytes| {
        let limits = Limits {
            document_bytes,
            ..Limits::default()
        };
        read(text.as_bytes(), limits)
    };
    assert!(limited(size).is_ok());
    assert_eq!(
        limited(size - 1).unwrap_err(),
        DocumentError::TooLarge { limit: size - 1 }
    );
}

#[test]
fn a_file_cut_off_anywhere_is_told_as_such_and_never_taken() {
    for (name, text) in FILES {
        // Two are cut at every byte, the others at fewer places.
        let step = match *name {
            "einvoice_red.xml" | "ubl_usual_prefixes.xml" => 1,
            "einvoice_100_lines.xml" => 1_999,
            _ => 31,
        };
        for end in (0..text.trim_end().len()).step_by(step) {
            let error = read(&text.as_bytes()[..end], Limits::default()).unwrap_err();
            let cut = matches!(error, DocumentError::CutOff { .. } | DocumentError::Empty);
            assert!(cut, "{name}, {end} bytes: {error}");
            told(&error);
        }
    }
    let error = error(&file("einvoice_red.xml")[..1_000]);
    assert!(
        told(&error).starts_with("the document is cut off at byte 1000, line "),
        "{error}"
    );
}

/// Hands out one byte at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.0.len()).min(1);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Drops<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.0[..self.0.len().min(1)])
    }

    fn consume(&mut self, count: usize) {
        self.0 = &self.0[count..];
    }
}

#[test]
fn it_does_not_matter_how_the_bytes_arrive() {
    for (name, text) in FILES {
        let drops = read(Drops(text.as_bytes()), Limits::default()).unwrap();
        assert_eq!(drops.1, parse(text).unwrap(), "{name}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "<EInvoice></Header>",
        "<EInvoice/><EInvoice/>",
        "<EInvoice/>x",
        "x<EInvoice/>",
        "<EInvoice>x</EInvoice>",
        "<EInvoice a=\"1\" a=\"2\"/>",
        "<EInvoice a=\"<\"/>",
        "<EInvoice a/>",
        "<x:EInvoice/>",
        "<>",
        "<EInvoice>\u{1}</EInvoice>",
        "<EInvoice><!-- a -- b --></EInvoice>",
        "<?xml version=\"1.1\"?><EInvoice/>",
        "</EInvoice>",
        "&#65;<EInvoice/>",
        "<![CDATA[ ]]><EInvoice/>",
        "<EInvoice/><![CDATA[ ]]>",
    ] {
        let error = error(text);
        assert_eq!(error.kind(), DocumentErrorKind::Form, "{text}: {error}");
        told(&error);
    }
    for text in ["", "\u{feff}", "  \n"] {
        assert_eq!(error(text).kind(), DocumentErrorKind::CutOff, "{text:?}");
    }
}

#[test]
fn another_root_is_told_with_what_can_be_read() {
    let invoice = file("ubl_usual_prefixes.xml").replace("xsd:CreditNote-2", "xsd:Invoice-2");
    for text in [
        "<html/>",
        "<CreditNote/>",
        "<EInvoice xmlns='urn:x'/>",
        &invoice,
    ] {
        let error = error(text);
        assert!(
            matches!(error, DocumentError::Root { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn elements_of_somebody_else_are_skipped() {
    let text = file("einvoice_red.xml").replace(
        "<EInvoiceData>",
        "<Extra a=\"1\"><b><c/>text &amp; <![CDATA[more]]></b></Extra>\n  <EInvoiceData xmlns:x='urn:x'>\
         <x:SellerInformation><x:SellerName>nobody</x:SellerName></x:SellerInformation>",
    );
    assert_eq!(parse(&text), parse(file("einvoice_red.xml")));
}
