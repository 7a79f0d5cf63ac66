//! Special elements (特定要素) that the item codes of some trades ask for.

use clerkwork_connectors_api::agent_invoice::SpecialElement;
use jiff::{ToSpan, civil::Date};

use super::{
    case::{Case, Defect},
    draw::Draw,
    people::Entity,
    places::{PLACES, address, plate},
    plan::Plan,
    trades::{Element, Trade},
};

const PROJECTS: [&str; 8] = [
    "办公楼装修工程",
    "厂房改造工程",
    "道路修缮工程",
    "幼儿园改扩建项目",
    "小区外墙维修工程",
    "商业广场机电安装工程",
    "仓库消防改造项目",
    "门店装饰工程",
];
const VEHICLES: [&str; 4] = [
    "重型厢式货车",
    "中型栏板货车",
    "轻型厢式货车",
    "重型半挂牵引车",
];
const GOODS: [&str; 8] = [
    "建材",
    "日用百货",
    "机械配件",
    "粮食",
    "家具",
    "电子产品",
    "纸制品",
    "饮料",
];

/// The special element of an application, if its trade has one.
pub(crate) fn element(
    draw: &mut Draw,
    trade: &Trade,
    seller: &Entity,
    transaction: Date,
    plan: &Plan,
) -> Option<SpecialElement> {
    let cross = plan.case == Case::Defect(Defect::CrossRegionReportMissing);
    match trade.element {
        Element::None => None,
        Element::Construction => Some(construction(draw, seller, transaction, cross)),
        Element::Freight => Some(freight(draw, seller)),
        Element::Letting => Some(letting(draw, seller, trade, transaction)),
    }
}

fn construction(
    draw: &mut Draw,
    seller: &Entity,
    transaction: Date,
    cross: bool,
) -> SpecialElement {
    let cross_city = cross || draw.permille(200);
    let place = if cross_city {
        PLACES
            .iter()
            .find(|p| p.city != seller.place.city)
            .unwrap_or(seller.place)
    } else {
        seller.place
    };
    let report = format!(
        "{}税跨报〔{}〕{:05}号",
        seller.place.short,
        transaction.year(),
        draw.range(1, 99_999)
    );
    SpecialElement::Construction {
        place: address(draw, place, false),
        project_name: format!("{}{}", place.district, draw.pick(&PROJECTS)),
        cross_city,
        cross_region_report: cross_city.then_some(report),
    }
}

fn freight(draw: &mut Draw, seller: &Entity) -> SpecialElement {
    let to = draw.pick(&PLACES);
    SpecialElement::Freight {
        from: format!("{}{}", seller.place.city, seller.place.district),
        to: format!("{}{}", to.city, to.district),
        vehicle_kind: (*draw.pick(&VEHICLES)).into(),
        plate: plate(draw, seller.place),
        goods: (*draw.pick(&GOODS)).into(),
    }
}

fn letting(draw: &mut Draw, seller: &Entity, trade: &Trade, transaction: Date) -> SpecialElement {
    let from = transaction.first_of_month();
    let months = draw.range(1, 12);
    let to = from.saturating_add(months.months()).saturating_sub(1.day());
    let number = draw.range(1, 9_999_999);
    let housing = trade.rate == super::trades::HOUSING;
    SpecialElement::RealEstateLetting {
        address: address(draw, seller.place, housing),
        title_number: format!(
            "{}({}){}不动产权第{number:07}号",
            seller.place.plate.chars().next().unwrap_or('粤'),
            draw.range(2016, 2025),
            seller.place.city
        ),
        from,
        to,
        area_unit: "平方米".into(),
    }
}
