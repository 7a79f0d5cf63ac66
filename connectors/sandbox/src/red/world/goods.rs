//! What is on the blue invoices: item codes start with 1 for goods, 2 for labour, 3 for services.

/// What is sold.
#[derive(Debug)]
pub(crate) struct Ware {
    /// The short name of the item code, between the asterisks.
    pub(crate) short: &'static str,
    /// What may stand behind it.
    pub(crate) items: &'static [&'static str],
    pub(crate) specification: &'static str,
    pub(crate) code: &'static str,
    pub(crate) unit: &'static str,
    /// Net price of a unit in yuan, from … to.
    pub(crate) price: (i64, i64),
    /// Rate of a general taxpayer in basis points.
    pub(crate) rate: i64,
    /// Sold in halves, too.
    pub(crate) halves: bool,
}

/// Rate of a small taxpayer in basis points.
pub(crate) const SMALL: i64 = 100;

/// Goods.
pub(crate) const GOODS: [Ware; 7] = [
    ware(
        "计算机外部设备",
        &["激光打印机", "显示器", "扫描仪", "键盘鼠标套装"],
        "标准型",
        "1090512010000000000",
        "台",
        (260, 2900),
        1300,
        false,
    ),
    ware(
        "纸制品",
        &["A4复印纸", "打印纸", "包装纸箱"],
        "70g 500张",
        "1060105020000000000",
        "箱",
        (45, 260),
        1300,
        false,
    ),
    ware(
        "家具",
        &["办公椅", "会议桌", "文件柜"],
        "",
        "1060501000000000000",
        "件",
        (180, 2400),
        1300,
        false,
    ),
    ware(
        "黑色金属冶炼压延品",
        &["螺纹钢", "热轧钢板", "镀锌管"],
        "Φ12",
        "1080207010000000000",
        "吨",
        (520, 3900),
        1300,
        true,
    ),
    ware(
        "谷物加工品",
        &["大米", "面粉"],
        "25kg",
        "1030102010000000000",
        "袋",
        (60, 190),
        900,
        false,
    ),
    ware(
        "饲料",
        &["鱼饲料", "猪配合饲料"],
        "40kg",
        "1030109000000000000",
        "吨",
        (800, 3600),
        900,
        true,
    ),
    ware(
        "电工器材",
        &["电缆", "配电箱", "断路器"],
        "3×2.5",
        "1090411000000000000",
        "米",
        (12, 160),
        1300,
        false,
    ),
];

/// Labour (加工修理修配劳务).
pub(crate) const LABOUR: [Ware; 2] = [
    ware(
        "劳务",
        &["设备维修费", "空调维修费", "车辆维修费"],
        "",
        "2020000000000000000",
        "次",
        (160, 1800),
        1300,
        false,
    ),
    ware(
        "劳务",
        &["来料加工费", "零件加工费"],
        "",
        "2010000000000000000",
        "批",
        (300, 2600),
        1300,
        false,
    ),
];

/// Services.
pub(crate) const SERVICES: [Ware; 6] = [
    ware(
        "信息技术服务",
        &["软件开发服务", "系统运维服务", "数据处理服务"],
        "",
        "3040203000000000000",
        "月",
        (800, 3900),
        600,
        false,
    ),
    ware(
        "物流辅助服务",
        &["仓储服务费", "装卸搬运费"],
        "",
        "3040407000000000000",
        "次",
        (150, 1500),
        600,
        false,
    ),
    ware(
        "运输服务",
        &["国内道路货物运输服务", "城市配送服务"],
        "",
        "3010102020100000000",
        "吨",
        (110, 420),
        900,
        true,
    ),
    ware(
        "设计服务",
        &["平面设计费", "包装设计", "工程设计服务"],
        "",
        "3040301000000000000",
        "件",
        (300, 3600),
        600,
        false,
    ),
    ware(
        "生活服务",
        &["保洁服务", "活动执行服务"],
        "",
        "3079900000000000000",
        "次",
        (180, 1500),
        600,
        false,
    ),
    ware(
        "企业管理服务",
        &["物业管理费", "会议服务费"],
        "",
        "3040801010000000000",
        "月",
        (600, 3200),
        600,
        false,
    ),
];

/// What is taxed on the margin (差额征税).
pub(crate) const ON_MARGIN: [Ware; 2] = [
    ware(
        "人力资源服务",
        &["劳务派遣服务", "人力资源外包服务"],
        "",
        "3040802050000000000",
        "项",
        (200, 9000),
        500,
        false,
    ),
    ware(
        "旅游服务",
        &["旅游服务费", "团队游"],
        "",
        "3070301000000000000",
        "次",
        (200, 9000),
        600,
        false,
    ),
];

#[allow(clippy::too_many_arguments, reason = "a row of a table")]
const fn ware(
    short: &'static str,
    items: &'static [&'static str],
    specification: &'static str,
    code: &'static str,
    unit: &'static str,
    price: (i64, i64),
    rate: i64,
    halves: bool,
) -> Ware {
    Ware {
        short,
        items,
        specification,
        code,
        unit,
        price,
        rate,
        halves,
    }
}
