//! The wire form of an application, and the way between it and the contract's
//! [`Application`], both directions.

use clerkwork_connectors_api::agent_invoice::{
    Agent, Application, Contract, Exemption, Line, Party, SpecialElement,
};
use clerkwork_core::Cents;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    WireError,
    codes::{self, Bz, Tdyslx},
    null_as_default, present,
};

/// An application for an agent-issued invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sqxx {
    /// Number of the application.
    pub sqbh: String,
    /// Day of the application.
    pub sqrq: Date,
    /// Day of the transaction.
    pub jyrq: Date,
    /// Invoice type: 01 special, 02 ordinary.
    #[serde(rename = "fppzDm")]
    pub fppz_dm: String,
    /// Applicant: 01 natural person, 02 other taxpayer.
    #[serde(rename = "sqrlxDm")]
    pub sqrlx_dm: String,
    /// Seller's tax id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfnsrsbh: String,
    /// Seller's name.
    pub xsfmc: String,
    /// Seller's address.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfdz: String,
    /// Seller's telephone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfdh: String,
    /// Seller's bank.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfkhh: String,
    /// Seller's account.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfzh: String,
    /// Buyer's tax id, may be empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfnsrsbh: String,
    /// Buyer's name.
    pub gmfmc: String,
    /// Buyer's address.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfdz: String,
    /// Buyer's telephone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfdh: String,
    /// Buyer's bank.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfkhh: String,
    /// Buyer's account.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfzh: String,
    /// The person who acts for the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jbr: Option<Jbr>,
    /// Exemption claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jm: Option<Jm>,
    /// The lines.
    pub mxlist: Vec<Mx>,
    /// Sum of net amounts.
    pub hjje: Cents,
    /// Sum of taxes.
    pub hjse: Cents,
    /// Gross total.
    pub jshj: Cents,
    /// Gross total in Chinese capitals.
    #[serde(default, deserialize_with = "null_as_default")]
    pub jshjdx: String,
    /// Special element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tdys: Option<Tdys>,
    /// Remark.
    #[serde(default, deserialize_with = "null_as_default")]
    pub bz: String,
    /// Number of the tax receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wspzhm: Option<String>,
    /// Contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ht: Option<Ht>,
    /// What was attached: 01 identity document, 02 licence, 03 contract, 04 payer's confirmation.
    #[serde(default, rename = "fjlxDm", deserialize_with = "null_as_default")]
    pub fjlx_dm: Vec<String>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mx {
    /// Number of the line, from 1.
    pub xh: u32,
    /// Item code, 19 digits.
    pub sphfwssflhbbm: String,
    /// `*short name*name`.
    pub hwhyslwfwmc: String,
    /// Specification.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ggxh: String,
    /// Unit.
    #[serde(default, deserialize_with = "null_as_default")]
    pub dw: String,
    /// Quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpspsl: Option<String>,
    /// Net unit price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpspdj: Option<String>,
    /// Net amount.
    pub je: Cents,
    /// Rate.
    pub sl1: String,
    /// Tax.
    pub se: Cents,
}

/// The person who acts (经办人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jbr {
    /// Name.
    pub xm: String,
    /// Identity number.
    pub sfzjhm: String,
    /// Telephone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sjhm: String,
}

/// An exemption (减免).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jm {
    /// Exempt tax.
    pub jmse: Cents,
    /// Code of the relief.
    #[serde(rename = "ssjmxzDm")]
    pub ssjmxz_dm: String,
    /// Reason.
    #[serde(default, deserialize_with = "null_as_default")]
    pub jmyy: String,
}

/// A contract (合同).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ht {
    /// Number.
    pub htbh: String,
    /// Gross amount.
    pub htje: Cents,
    /// Seller's name.
    pub xsfmc: String,
    /// Buyer's name.
    pub gmfmc: String,
}

/// A special element (特定要素): its kind, and the part of that kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tdys {
    /// Kind, see [`Tdyslx`].
    #[serde(rename = "tdyslxDm")]
    pub tdyslx_dm: String,
    /// 03 construction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jzfw: Option<Jzfw>,
    /// 04 freight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hwys: Option<Hwys>,
    /// 05 sale of real estate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bdcxs: Option<Bdc>,
    /// 06 letting of real estate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bdczl: Option<Bdczl>,
}

/// Construction (建筑服务).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jzfw {
    /// Place.
    pub jzfwfsd: String,
    /// Name of the project.
    pub jzxmmc: String,
    /// In another city: Y or N.
    pub kdsbz: String,
    /// Number of the cross-region report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kqysssxbyglbh: Option<String>,
}

/// Freight (货物运输).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hwys {
    /// Start.
    pub qyd: String,
    /// End.
    pub ddd: String,
    /// Kind of vehicle.
    pub ysgjzl: String,
    /// Number plate.
    pub ysgjph: String,
    /// Goods.
    pub yshwmc: String,
}

/// Sale of real estate (不动产销售).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bdc {
    /// Address.
    pub bdcdz: String,
    /// Title number.
    pub cqzsbh: String,
    /// Unit of area.
    pub mjdw: String,
}

/// Letting of real estate (不动产经营租赁).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bdczl {
    /// Address.
    pub bdcdz: String,
    /// Title number.
    pub cqzsbh: String,
    /// First day.
    pub zlqq: Date,
    /// Last day.
    pub zlqz: Date,
    /// Unit of area.
    pub mjdw: String,
}

impl TryFrom<Sqxx> for Application {
    type Error = WireError;

    fn try_from(wire: Sqxx) -> Result<Self, WireError> {
        Ok(Self {
            application_number: wire.sqbh,
            applied_on: wire.sqrq,
            transaction_date: wire.jyrq,
            invoice_type: codes::read_invoice_type("fppzDm", &wire.fppz_dm)?,
            applicant_kind: codes::read_applicant_kind("sqrlxDm", &wire.sqrlx_dm)?,
            seller: Party {
                name: wire.xsfmc,
                tax_id: wire.xsfnsrsbh,
                address: wire.xsfdz,
                phone: wire.xsfdh,
                bank: wire.xsfkhh,
                account: wire.xsfzh,
            },
            buyer: Party {
                name: wire.gmfmc,
                tax_id: wire.gmfnsrsbh,
                address: wire.gmfdz,
                phone: wire.gmfdh,
                bank: wire.gmfkhh,
                account: wire.gmfzh,
            },
            agent: wire.jbr.map(|jbr| Agent {
                name: jbr.xm,
                identity_number: jbr.sfzjhm,
                phone: jbr.sjhm,
            }),
            exemption: wire.jm.map(|jm| Exemption {
                tax: jm.jmse,
                code: jm.ssjmxz_dm,
                reason: jm.jmyy,
            }),
            lines: wire.mxlist.into_iter().map(Line::from).collect(),
            total_net: wire.hjje,
            total_tax: wire.hjse,
            total_gross: wire.jshj,
            total_in_words: wire.jshjdx,
            special_element: wire.tdys.map(SpecialElement::try_from).transpose()?,
            remark: wire.bz,
            tax_receipt_number: present(wire.wspzhm),
            contract: wire.ht.map(|ht| Contract {
                number: ht.htbh,
                amount: ht.htje,
                seller_name: ht.xsfmc,
                buyer_name: ht.gmfmc,
            }),
            attachments: wire
                .fjlx_dm
                .iter()
                .map(|word| codes::read_attachment("fjlxDm", word))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<Application> for Sqxx {
    fn from(application: Application) -> Self {
        let lines = application.lines.into_iter().zip(1..);
        Self {
            sqbh: application.application_number,
            sqrq: application.applied_on,
            jyrq: application.transaction_date,
            fppz_dm: codes::invoice_type_code(application.invoice_type).into(),
            sqrlx_dm: codes::applicant_kind_code(application.applicant_kind).into(),
            xsfnsrsbh: application.seller.tax_id,
            xsfmc: application.seller.name,
            xsfdz: application.seller.address,
            xsfdh: application.seller.phone,
            xsfkhh: application.seller.bank,
            xsfzh: application.seller.account,
            gmfnsrsbh: application.buyer.tax_id,
            gmfmc: application.buyer.name,
            gmfdz: application.buyer.address,
            gmfdh: application.buyer.phone,
            gmfkhh: application.buyer.bank,
            gmfzh: application.buyer.account,
            jbr: application.agent.map(|agent| Jbr {
                xm: agent.name,
                sfzjhm: agent.identity_number,
                sjhm: agent.phone,
            }),
            jm: application.exemption.map(|exemption| Jm {
                jmse: exemption.tax,
                ssjmxz_dm: exemption.code,
                jmyy: exemption.reason,
            }),
            mxlist: lines.map(|(line, number)| Mx::of(line, number)).collect(),
            hjje: application.total_net,
            hjse: application.total_tax,
            jshj: application.total_gross,
            jshjdx: application.total_in_words,
            tdys: application.special_element.map(Tdys::from),
            bz: application.remark,
            wspzhm: application.tax_receipt_number,
            ht: application.contract.map(|contract| Ht {
                htbh: contract.number,
                htje: contract.amount,
                xsfmc: contract.seller_name,
                gmfmc: contract.buyer_name,
            }),
            fjlx_dm: application
                .attachments
                .into_iter()
                .map(|attachment| codes::attachment_code(attachment).into())
                .collect(),
        }
    }
}

impl From<Mx> for Line {
    fn from(wire: Mx) -> Self {
        Self {
            item_name: wire.hwhyslwfwmc,
            item_code: wire.sphfwssflhbbm,
            specification: wire.ggxh,
            unit: wire.dw,
            quantity: present(wire.fpspsl),
            unit_price: present(wire.fpspdj),
            net: wire.je,
            levy_rate: wire.sl1,
            tax: wire.se,
        }
    }
}

impl Mx {
    /// The wire form of the line with the number `xh`, from 1.
    pub fn of(line: Line, xh: u32) -> Self {
        Self {
            xh,
            sphfwssflhbbm: line.item_code,
            hwhyslwfwmc: line.item_name,
            ggxh: line.specification,
            dw: line.unit,
            fpspsl: line.quantity,
            fpspdj: line.unit_price,
            je: line.net,
            sl1: line.levy_rate,
            se: line.tax,
        }
    }
}

/// The part that the kind of a special element asks for.
fn part<T>(part: Option<T>, field: &'static str) -> Result<T, WireError> {
    part.ok_or(WireError::Missing {
        field,
        because: "tdyslxDm",
    })
}

impl TryFrom<Tdys> for SpecialElement {
    type Error = WireError;

    fn try_from(wire: Tdys) -> Result<Self, WireError> {
        Ok(match Tdyslx::read("tdyslxDm", &wire.tdyslx_dm)? {
            Tdyslx::Construction => {
                let jzfw = part(wire.jzfw, "jzfw")?;
                Self::Construction {
                    place: jzfw.jzfwfsd,
                    project_name: jzfw.jzxmmc,
                    cross_city: Bz::read("kdsbz", &jzfw.kdsbz)? == Bz::Yes,
                    cross_region_report: present(jzfw.kqysssxbyglbh),
                }
            }
            Tdyslx::Freight => {
                let hwys = part(wire.hwys, "hwys")?;
                Self::Freight {
                    from: hwys.qyd,
                    to: hwys.ddd,
                    vehicle_kind: hwys.ysgjzl,
                    plate: hwys.ysgjph,
                    goods: hwys.yshwmc,
                }
            }
            Tdyslx::RealEstateSale => {
                let bdc = part(wire.bdcxs, "bdcxs")?;
                Self::RealEstateSale {
                    address: bdc.bdcdz,
                    title_number: bdc.cqzsbh,
                    area_unit: bdc.mjdw,
                }
            }
            Tdyslx::RealEstateLetting => {
                let bdczl = part(wire.bdczl, "bdczl")?;
                Self::RealEstateLetting {
                    address: bdczl.bdcdz,
                    title_number: bdczl.cqzsbh,
                    from: bdczl.zlqq,
                    to: bdczl.zlqz,
                    area_unit: bdczl.mjdw,
                }
            }
        })
    }
}

impl From<SpecialElement> for Tdys {
    fn from(element: SpecialElement) -> Self {
        let of = |kind: Tdyslx| Self {
            tdyslx_dm: kind.code().into(),
            ..Self::default()
        };
        match element {
            SpecialElement::Construction {
                place,
                project_name,
                cross_city,
                cross_region_report,
            } => Self {
                jzfw: Some(Jzfw {
                    jzfwfsd: place,
                    jzxmmc: project_name,
                    kdsbz: Bz::from(cross_city).code().into(),
                    kqysssxbyglbh: cross_region_report,
                }),
                ..of(Tdyslx::Construction)
            },
            SpecialElement::Freight {
                from,
                to,
                vehicle_kind,
                plate,
                goods,
            } => Self {
                hwys: Some(Hwys {
                    qyd: from,
                    ddd: to,
                    ysgjzl: vehicle_kind,
                    ysgjph: plate,
                    yshwmc: goods,
                }),
                ..of(Tdyslx::Freight)
            },
            SpecialElement::RealEstateSale {
                address,
                title_number,
                area_unit,
            } => Self {
                bdcxs: Some(Bdc {
                    bdcdz: address,
                    cqzsbh: title_number,
                    mjdw: area_unit,
                }),
                ..of(Tdyslx::RealEstateSale)
            },
            SpecialElement::RealEstateLetting {
                address,
                title_number,
                from,
                to,
                area_unit,
            } => Self {
                bdczl: Some(Bdczl {
                    bdcdz: address,
                    cqzsbh: title_number,
                    zlqq: from,
                    zlqz: to,
                    mjdw: area_unit,
                }),
                ..of(Tdyslx::RealEstateLetting)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_connectors_api::agent_invoice::{ApplicantKind, Attachment, InvoiceType};
    use jiff::civil::date;

    fn full() -> Application {
        Application {
            application_number: "DK2026030100001".into(),
            applied_on: date(2026, 3, 2),
            transaction_date: date(2026, 3, 1),
            invoice_type: InvoiceType::Ordinary,
            applicant_kind: ApplicantKind::NaturalPerson,
            seller: Party {
                name: "张三".into(),
                tax_id: "110101199003077774".into(),
                address: "北京".into(),
                phone: "13800000000".into(),
                bank: "银行".into(),
                account: "6222".into(),
            },
            buyer: Party {
                name: "某公司".into(),
                tax_id: "91350211M000100Y43".into(),
                address: String::new(),
                phone: String::new(),
                bank: String::new(),
                account: String::new(),
            },
            agent: Some(Agent {
                name: "李四".into(),
                identity_number: "11010119900307002X".into(),
                phone: "13900000000".into(),
            }),
            exemption: Some(Exemption {
                tax: Cents(4450),
                code: "0001011814".into(),
                reason: "小规模".into(),
            }),
            lines: vec![
                Line {
                    item_name: "*劳务*装卸".into(),
                    item_code: "3040502029900000000".into(),
                    specification: "大".into(),
                    unit: "次".into(),
                    quantity: Some("2".into()),
                    unit_price: Some("2202.4752475248".into()),
                    net: Cents(440_495),
                    levy_rate: "0.01".into(),
                    tax: Cents(4405),
                },
                Line {
                    item_name: "*劳务*其他".into(),
                    item_code: "3040502029900000000".into(),
                    specification: String::new(),
                    unit: String::new(),
                    quantity: None,
                    unit_price: None,
                    net: Cents(100),
                    levy_rate: "0.01".into(),
                    tax: Cents(1),
                },
            ],
            total_net: Cents(440_595),
            total_tax: Cents(4406),
            total_gross: Cents(445_001),
            total_in_words: "肆仟肆佰伍拾元零壹分".into(),
            special_element: None,
            remark: "备注".into(),
            tax_receipt_number: Some("344035260300000001".into()),
            contract: Some(Contract {
                number: "HT-1".into(),
                amount: Cents(445_001),
                seller_name: "张三".into(),
                buyer_name: "某公司".into(),
            }),
            attachments: vec![
                Attachment::IdentityDocument,
                Attachment::Licence,
                Attachment::Contract,
                Attachment::PayerConfirmation,
            ],
        }
    }

    fn elements() -> Vec<SpecialElement> {
        let text = String::from;
        vec![
            SpecialElement::Construction {
                place: text("深圳"),
                project_name: text("项目"),
                cross_city: true,
                cross_region_report: Some(text("K1")),
            },
            SpecialElement::Construction {
                place: text("深圳"),
                project_name: text("项目"),
                cross_city: false,
                cross_region_report: None,
            },
            SpecialElement::Freight {
                from: text("深圳"),
                to: text("广州"),
                vehicle_kind: text("公路运输"),
                plate: text("粤B00000"),
                goods: text("设备"),
            },
            SpecialElement::RealEstateSale {
                address: text("路1号"),
                title_number: text("T1"),
                area_unit: text("平方米"),
            },
            SpecialElement::RealEstateLetting {
                address: text("路1号"),
                title_number: text("T1"),
                from: date(2026, 1, 1),
                to: date(2026, 12, 31),
                area_unit: text("平方米"),
            },
        ]
    }

    fn there_and_back(application: Application) -> Application {
        let text = serde_json::to_string(&Sqxx::from(application)).unwrap();
        serde_json::from_str::<Sqxx>(&text)
            .unwrap()
            .try_into()
            .unwrap()
    }

    #[test]
    fn an_application_reads_back_from_its_wire_form_with_every_special_element() {
        assert_eq!(there_and_back(full()), full());
        for element in elements() {
            let application = Application {
                special_element: Some(element),
                ..full()
            };
            assert_eq!(there_and_back(application.clone()), application);
        }
    }

    #[test]
    fn a_bare_application_reads_back_and_nulls_are_absent() {
        let bare = Application {
            agent: None,
            exemption: None,
            tax_receipt_number: None,
            contract: None,
            attachments: vec![],
            remark: String::new(),
            invoice_type: InvoiceType::Special,
            applicant_kind: ApplicantKind::OtherTaxpayer,
            ..full()
        };
        assert_eq!(there_and_back(bare.clone()), bare);

        let mut wire = serde_json::to_value(Sqxx::from(bare.clone())).unwrap();
        for field in ["bz", "jbr", "wspzhm", "fjlxDm", "gmfdz"] {
            wire[field] = serde_json::Value::Null;
        }
        let read: Sqxx = serde_json::from_value(wire).unwrap();
        assert_eq!(Application::try_from(read).unwrap(), bare);
    }

    #[test]
    fn an_unknown_kind_and_a_missing_part_are_errors() {
        let mut wire = Sqxx::from(full());
        wire.tdys = Some(Tdys {
            tdyslx_dm: "09".into(),
            ..Tdys::default()
        });
        assert_eq!(
            Application::try_from(wire.clone()),
            Err(WireError::UnknownCode {
                field: "tdyslxDm",
                value: "09".into()
            })
        );
        wire.tdys = Some(Tdys {
            tdyslx_dm: "04".into(),
            ..Tdys::default()
        });
        assert_eq!(
            Application::try_from(wire),
            Err(WireError::Missing {
                field: "hwys",
                because: "tdyslxDm"
            })
        );
    }
}
