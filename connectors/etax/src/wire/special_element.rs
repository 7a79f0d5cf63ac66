//! The wire form of the special elements (特定要素) that certain trades require.

use clerkwork_connectors_api::agent_invoice::SpecialElement;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    WireError,
    codes::{Bz, Tdyslx},
    present,
};

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
