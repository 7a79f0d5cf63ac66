//! An application on its page: sections of labels and values, and tables.

use clerkwork_connectors_api::agent_invoice::{
    Accumulation, ApplicantKind, Application, ApplicationStatus, Attachment, Dossier, InvoiceType,
    Party, Registration, Relations, RiskClass, SpecialElement, TaxpayerRisk, Warning,
};
use clerkwork_core::{Cents, Timestamp};
use clerkwork_etax::wire::DossierQuery;

use super::{PortalSettings, Variant, files};
use crate::state::State;

type Rows = Vec<(&'static str, String)>;

/// Labels and values; no rows at all show as 无.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) caption: &'static str,
    pub(super) rows: Option<Rows>,
}

/// A table with headers.
pub(super) struct Table {
    pub(super) id: &'static str,
    pub(super) caption: &'static str,
    pub(super) headers: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

pub(super) struct Cell {
    pub(super) text: String,
    pub(super) link: Option<String>,
}

impl Cell {
    pub(super) fn link(text: &str, href: String) -> Self {
        Self {
            text: text.into(),
            link: Some(href),
        }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.to_string(),
            link: None,
        }
    }
}

impl Table {
    pub(super) fn arranged(mut self, settings: &PortalSettings) -> Self {
        if settings.has(Variant::ReorderedColumns) {
            self.headers.reverse();
            self.rows.iter_mut().for_each(|row| row.reverse());
        }
        self
    }
}

/// An amount as pages show it: `1,234.56`.
pub(super) fn money(amount: Cents) -> String {
    let text = amount.to_string();
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{fraction}")
}

/// Where an application stands, in the portal's words.
pub(super) fn state_word(status: &ApplicationStatus) -> &'static str {
    match status {
        ApplicationStatus::Pending => "待审核",
        ApplicationStatus::Issued { .. } => "已开票",
        ApplicationStatus::Returned => "已退回",
        ApplicationStatus::Withdrawn => "已撤回",
    }
}

/// What an attachment is called.
pub(super) fn attachment_word(attachment: Attachment) -> &'static str {
    match attachment {
        Attachment::IdentityDocument => "身份证明",
        Attachment::Licence => "营业执照",
        Attachment::Contract => "合同",
        Attachment::PayerConfirmation => "付款方确认书",
    }
}

/// Beijing time with milliseconds.
fn local_time(at: Timestamp) -> String {
    let Ok(at) = jiff::Timestamp::from_microsecond(at.0) else {
        return String::new();
    };
    let local = jiff::tz::offset(8).to_datetime(at);
    local.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// All that the portal knows about an application.
pub(super) fn sections(
    state: &State,
    application: &Application,
    status: &ApplicationStatus,
) -> Vec<Section> {
    let query = DossierQuery {
        sqbh: application.application_number.clone(),
        xfnsrsbh: application.seller.tax_id.clone(),
        gmfnsrsbh: application.buyer.tax_id.clone(),
        wspzhm: application.tax_receipt_number.clone(),
        jyrq: application.transaction_date,
    };
    let dossier = state.dossier(&query, state.now());
    let section = |id, caption, rows| Section { id, caption, rows };
    let mut all = vec![
        section(
            "jbxx",
            "基本信息",
            Some(basics(application, status, dossier.as_of)),
        ),
        section("xsf", "销售方信息", Some(party(&application.seller))),
        section("gmf", "购买方信息", Some(party(&application.buyer))),
    ];
    let agent = application.agent.as_ref().map(|agent| {
        vec![
            ("姓名", agent.name.clone()),
            ("身份证件号码", agent.identity_number.clone()),
            ("手机号码", agent.phone.clone()),
        ]
    });
    all.push(section("jbr", "经办人", agent));
    let exemption = application.exemption.as_ref().map(|exemption| {
        vec![
            ("减免税额", money(exemption.tax)),
            ("减免性质代码", exemption.code.clone()),
            ("减免原因", exemption.reason.clone()),
        ]
    });
    all.push(section("jm", "减免", exemption));
    let contract = application.contract.as_ref().map(|contract| {
        vec![
            ("合同编号", contract.number.clone()),
            ("合同金额", money(contract.amount)),
            ("合同销售方名称", contract.seller_name.clone()),
            ("合同购买方名称", contract.buyer_name.clone()),
        ]
    });
    all.push(section("ht", "合同", contract));
    all.push(section(
        "tdys",
        "特定要素",
        application.special_element.as_ref().map(element),
    ));
    all.extend(findings(section, &dossier));
    all
}

fn findings(
    section: impl Fn(&'static str, &'static str, Option<Rows>) -> Section,
    dossier: &Dossier,
) -> [Section; 5] {
    let receipt = dossier.receipt.as_ref().map(|receipt| {
        vec![
            ("实缴金额", money(receipt.tax_paid)),
            ("缴款人识别号", receipt.payer_tax_id.clone()),
            ("是否已使用", yes_no(receipt.used)),
        ]
    });
    [
        section("xsffx", "销售方风险信息", dossier.seller.as_ref().map(risk)),
        section("gmffx", "购买方风险信息", dossier.buyer.as_ref().map(risk)),
        section("lj", "累计申请", Some(sums(&dossier.accumulation))),
        section("gl", "关联申请", Some(relations(&dossier.relations))),
        section("wspz", "完税凭证", receipt),
    ]
}

fn basics(application: &Application, status: &ApplicationStatus, as_of: Timestamp) -> Rows {
    let invoice_type = match application.invoice_type {
        InvoiceType::Special => "增值税专用发票",
        InvoiceType::Ordinary => "增值税普通发票",
    };
    let applicant = match application.applicant_kind {
        ApplicantKind::NaturalPerson => "自然人",
        ApplicantKind::OtherTaxpayer => "其他纳税人",
    };
    let invoice_number = match status {
        ApplicationStatus::Issued { invoice_number } => invoice_number.clone(),
        ApplicationStatus::Pending | ApplicationStatus::Returned | ApplicationStatus::Withdrawn => {
            String::new()
        }
    };
    vec![
        ("申请编号", application.application_number.clone()),
        ("申请日期", application.applied_on.to_string()),
        ("交易日期", application.transaction_date.to_string()),
        ("发票种类", invoice_type.into()),
        ("申请人类型", applicant.into()),
        ("申请状态", state_word(status).into()),
        ("发票号码", invoice_number),
        ("合计金额", money(application.total_net)),
        ("合计税额", money(application.total_tax)),
        ("价税合计", money(application.total_gross)),
        ("价税合计大写", application.total_in_words.clone()),
        ("备注", application.remark.clone()),
        (
            "完税凭证号码",
            application.tax_receipt_number.clone().unwrap_or_default(),
        ),
        ("数据时间", local_time(as_of)),
    ]
}

fn party(party: &Party) -> Rows {
    vec![
        ("名称", party.name.clone()),
        ("纳税人识别号", party.tax_id.clone()),
        ("地址", party.address.clone()),
        ("电话", party.phone.clone()),
        ("开户银行", party.bank.clone()),
        ("银行账号", party.account.clone()),
    ]
}

fn element(element: &SpecialElement) -> Rows {
    match element {
        SpecialElement::Construction {
            place,
            project_name,
            cross_city,
            cross_region_report,
        } => vec![
            ("要素类型", "建筑服务".into()),
            ("建筑服务发生地", place.clone()),
            ("建筑项目名称", project_name.clone()),
            ("跨地市标志", yes_no(*cross_city)),
            (
                "跨区域报验管理编号",
                cross_region_report.clone().unwrap_or_default(),
            ),
        ],
        SpecialElement::Freight {
            from,
            to,
            vehicle_kind,
            plate,
            goods,
        } => vec![
            ("要素类型", "货物运输服务".into()),
            ("起运地", from.clone()),
            ("到达地", to.clone()),
            ("运输工具种类", vehicle_kind.clone()),
            ("运输工具牌号", plate.clone()),
            ("运输货物名称", goods.clone()),
        ],
        SpecialElement::RealEstateLetting {
            address,
            title_number,
            from,
            to,
            area_unit,
        } => vec![
            ("要素类型", "不动产经营租赁服务".into()),
            ("不动产地址", address.clone()),
            ("产权证书号", title_number.clone()),
            ("租赁期起", from.to_string()),
            ("租赁期止", to.to_string()),
            ("面积单位", area_unit.clone()),
        ],
        SpecialElement::RealEstateSale {
            address,
            title_number,
            area_unit,
        } => vec![
            ("要素类型", "不动产销售".into()),
            ("不动产地址", address.clone()),
            ("产权证书号", title_number.clone()),
            ("面积单位", area_unit.clone()),
        ],
    }
}

fn risk(risk: &TaxpayerRisk) -> Rows {
    let registration = match risk.registration {
        Registration::Normal => "正常",
        Registration::Abnormal => "非正常",
        Registration::Deregistered => "注销",
    };
    let class = match risk.class {
        RiskClass::High => "Ⅰ类",
        RiskClass::Medium => "Ⅱ类",
        RiskClass::Low => "Ⅲ类",
        RiskClass::None => "Ⅳ类",
    };
    let warning = match risk.warning {
        Warning::None => "无预警",
        Warning::Blue => "蓝色",
        Warning::Yellow => "黄色",
        Warning::Red => "红色",
    };
    vec![
        ("登记名称", risk.name.clone()),
        ("登记状态", registration.into()),
        ("风险等级", class.into()),
        ("预警级别", warning.into()),
        (
            "信用等级",
            risk.credit_grade.clone().unwrap_or_else(|| "未评级".into()),
        ),
    ]
}

fn sums(sums: &Accumulation) -> Rows {
    vec![
        ("当日份数", sums.day_count.to_string()),
        ("当日金额", money(sums.day_net)),
        ("当月份数", sums.month_count.to_string()),
        ("当月金额", money(sums.month_net)),
        ("本季金额", money(sums.quarter_net)),
        ("近十二个月金额", money(sums.twelve_months_net)),
    ]
}

fn relations(relations: &Relations) -> Rows {
    let count = |count: Option<u32>| count.map_or(String::new(), |count| count.to_string());
    vec![
        ("重复申请数", relations.duplicates.to_string()),
        ("购买方关联销售方数", relations.sellers_of_buyer.to_string()),
        ("经办人关联销售方数", relations.sellers_of_agent.to_string()),
        ("电话关联销售方数", relations.sellers_of_phone.to_string()),
        ("购买方当日份数", count(relations.buyer_counts.day)),
        ("购买方当月份数", count(relations.buyer_counts.month)),
        ("经办人当日份数", count(relations.agent_counts.day)),
        ("经办人当月份数", count(relations.agent_counts.month)),
        ("电话当日份数", count(relations.phone_counts.day)),
        ("电话当月份数", count(relations.phone_counts.month)),
    ]
}

fn yes_no(yes: bool) -> String {
    if yes { "是" } else { "否" }.into()
}

/// The lines, what was attached, and what was added here.
pub(super) fn tables(
    state: &State,
    settings: &PortalSettings,
    application: &Application,
) -> Vec<Table> {
    let renamed = settings.has(Variant::RenamedColumn);
    let item = if renamed {
        "货物或应税劳务名称"
    } else {
        "项目名称"
    };
    let lines = application.lines.iter().zip(1..).map(|(line, number)| {
        vec![
            Cell::from(number),
            (&line.item_code).into(),
            (&line.item_name).into(),
            (&line.specification).into(),
            (&line.unit).into(),
            line.quantity.as_deref().unwrap_or_default().into(),
            line.unit_price.as_deref().unwrap_or_default().into(),
            money(line.net).into(),
            (&line.levy_rate).into(),
            money(line.tax).into(),
        ]
    });
    let number = &application.application_number;
    let link = |name: &str| files::link(settings, number, name);
    let attached = application.attachments.iter().map(|attachment| {
        let word = attachment_word(*attachment);
        let name = files::name_of(*attachment);
        vec![
            Cell::from(word),
            (&name).into(),
            Cell::link("下载", link(&name)),
        ]
    });
    let added = state.portal().uploaded(number).into_iter();
    let added = added.map(|(name, content)| {
        vec![
            Cell::from(&name),
            content.len().into(),
            Cell::link("下载", link(&name)),
        ]
    });
    let table = |id, caption, headers, rows| Table {
        id,
        caption,
        headers,
        rows,
    };
    vec![
        table(
            "mx",
            "明细",
            vec![
                "序号",
                "税收分类编码",
                item,
                "规格型号",
                "单位",
                "数量",
                "单价",
                "金额",
                "征收率",
                "税额",
            ],
            lines.collect(),
        )
        .arranged(settings),
        table(
            "fj",
            "附件",
            vec!["附件类型", "文件名", "操作"],
            attached.collect(),
        ),
        table(
            "bcfj",
            "补充附件",
            vec!["文件名", "大小", "操作"],
            added.collect(),
        ),
    ]
}
