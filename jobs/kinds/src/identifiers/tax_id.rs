//! Tax ids in the wild: 15, 17, 18 or 20 characters.
//!
//! | length | form |
//! |---|---|
//! | 18 | a unified social credit code, or a natural person's resident identity number |
//! | 15 | region (6 digits) and organisation code (9), from before 2015 |
//! | 17 | an old 15-digit identity number and 2 digits, from before 2015 |
//! | 20 | a resident identity number and 2 digits: a household business |

use jiff::civil::Date;

use super::{Fault, resident, uscc};

/// What a tax id turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaxId {
    /// A unified social credit code whose check characters fit.
    CreditCode,
    /// A resident identity number whose check character and birth date fit.
    Resident,
    /// 15 characters, an organisation code that fits inside.
    OldOrganisation,
    /// 17 digits, an old identity number inside.
    OldPerson,
    /// 20 characters, a resident identity number that fits inside.
    Household,
}

impl TaxId {
    /// Reads a tax id that was shown on the day `on`.
    ///
    /// A number of 18 digits may be meant as either form. It is a resident identity number if it
    /// passes as one: hardly any credit code holds a birth date that exists. If it passes as
    /// neither, the century at places 7 and 8 tells which was meant.
    pub fn read(id: &str, on: Date) -> Result<Self, Fault> {
        if !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Fault::Character);
        }
        let bytes = id.as_bytes();
        match bytes.len() {
            18 => {
                let as_resident = resident::check(id, on);
                if as_resident.is_ok() {
                    return Ok(Self::Resident);
                }
                let as_code = uscc::check(id).and_then(|()| uscc::check_organisation_part(id));
                let Err(fault) = as_code else {
                    return Ok(Self::CreditCode);
                };
                let person_meant = bytes[..17].iter().all(u8::is_ascii_digit)
                    && matches!(&bytes[6..8], b"19" | b"20");
                Err(as_resident.err().filter(|_| person_meant).unwrap_or(fault))
            }
            15 => {
                if !bytes[..6].iter().all(u8::is_ascii_digit) {
                    return Err(Fault::Character);
                }
                uscc::check_organisation_code(&bytes[6..]).map(|()| Self::OldOrganisation)
            }
            17 if !bytes[15..].iter().all(u8::is_ascii_digit) => Err(Fault::Character),
            17 => resident::check_old(&bytes[..15]).map(|()| Self::OldPerson),
            20 if !bytes[18..].iter().all(u8::is_ascii_digit) => Err(Fault::Character),
            20 => resident::check(&id[..18], on).map(|()| Self::Household),
            _ => Err(Fault::Length),
        }
    }

    /// Whether it names a natural person as such, not a business of theirs.
    pub fn is_natural_person(self) -> bool {
        self == Self::Resident
    }

    /// Whether it is of a form from before 2015, which carries no check character of its own.
    pub fn is_old(self) -> bool {
        matches!(self, Self::OldOrganisation | Self::OldPerson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 3, 1);

    #[test]
    fn every_form_is_told_apart() {
        for (id, expected) in [
            ("91110000600037341L", Ok(TaxId::CreditCode)),
            ("11010519491231002X", Ok(TaxId::Resident)),
            ("110000600037341", Ok(TaxId::OldOrganisation)),
            ("11010549123100201", Ok(TaxId::OldPerson)),
            ("11010519491231002X01", Ok(TaxId::Household)),
            ("91110000600037341N", Err(Fault::CreditCodeCheck)),
            ("110105194912310021", Err(Fault::ResidentCheck)),
            ("110105194913310021", Err(Fault::BirthDate)),
            ("110000600037342", Err(Fault::OrganisationCheck)),
            ("11010549133100201", Err(Fault::BirthDate)),
            ("11010519491231002XAB", Err(Fault::Character)),
            ("110105194912310021AB", Err(Fault::Character)),
            ("11010519491231002101", Err(Fault::ResidentCheck)),
            ("9111 000060003734L", Err(Fault::Character)),
            ("911100006000373411L", Err(Fault::Length)),
            ("", Err(Fault::Length)),
        ] {
            assert_eq!(TaxId::read(id, TODAY), expected, "{id}");
        }
    }

    #[test]
    fn a_code_whose_inner_organisation_code_is_wrong_is_told_apart() {
        // 60003734 asks for 1; with 2 and a fitting outer check character only the inner one fails.
        let body = "91110000600037342";
        let code = "0123456789ABCDEFGHJKLMNPQRTUWXY"
            .chars()
            .map(|c| format!("{body}{c}"))
            .find(|code| uscc::check(code).is_ok())
            .unwrap();
        assert_eq!(TaxId::read(&code, TODAY), Err(Fault::OrganisationCheck));
    }

    #[test]
    fn a_wrong_identity_number_is_not_taken_for_a_wrong_credit_code() {
        // One in 31 wrong identity numbers passes the check of a credit code.
        let wrong = (0..1_000)
            .map(|n| format!("11010519491231{n:03}0"))
            .find(|id| resident::check(id, TODAY).is_err() && uscc::check(id).is_ok())
            .unwrap();
        assert_eq!(TaxId::read(&wrong, TODAY), Err(Fault::ResidentCheck));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in any::<String>(), digits in "[0-9A-Z]{0,22}") {
            let _ = (TaxId::read(&text, TODAY), TaxId::read(&digits, TODAY));
        }
    }
}
