//! Trades: what is sold, under which item code, at what price.
//!
//! Item codes follow the 商品和服务税收分类编码; prices are plausible and no more.

/// Who sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sellers {
    /// Natural persons only.
    Persons,
    /// Other taxpayers only.
    Others,
    /// Either.
    Both,
}

/// Which special element the item asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    None,
    Construction,
    Freight,
    Letting,
}

/// A trade.
#[derive(Debug)]
pub(crate) struct Trade {
    /// The short name of the item code, between the asterisks.
    pub(crate) short: &'static str,
    /// What may stand behind it.
    pub(crate) items: &'static [&'static str],
    pub(crate) code: &'static str,
    pub(crate) unit: &'static str,
    /// Gross price of a unit in cents, from … to.
    pub(crate) price: (i64, i64),
    /// Levy rate in basis points.
    pub(crate) rate: i64,
    pub(crate) sellers: Sellers,
    pub(crate) element: Element,
    /// Consumers buy it, not companies only.
    pub(crate) consumers: bool,
}

/// Levy rate for a taxed sale under the relief to the end of 2027, in basis points.
pub(crate) const ONE_PERCENT: i64 = 100;
/// The statutory levy rate.
pub(crate) const THREE_PERCENT: i64 = 300;
/// Individuals who let housing.
pub(crate) const HOUSING: i64 = 150;

/// The trades of the world.
pub(crate) const TRADES: [Trade; 14] = [
    Trade {
        short: "非学历教育服务",
        items: &["培训费", "钢琴课程", "企业内训", "英语口语课程", "编程课程"],
        code: "3070201020000000000",
        unit: "课时",
        price: (12_000, 60_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::None,
        consumers: true,
    },
    Trade {
        short: "生活服务",
        items: &["劳务费", "保洁服务", "活动执行服务", "礼仪服务"],
        code: "3079900000000000000",
        unit: "次",
        price: (20_000, 150_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Persons,
        element: Element::None,
        consumers: true,
    },
    Trade {
        short: "建筑服务",
        items: &["工程服务", "安装服务", "土方工程", "管道安装"],
        code: "3050100000000000000",
        unit: "项",
        price: (300_000, 900_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::Construction,
        consumers: false,
    },
    Trade {
        short: "建筑服务",
        items: &["装饰服务", "墙面粉刷", "地面铺装", "办公室装修"],
        code: "3050400000000000000",
        unit: "平方米",
        price: (8_000, 42_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::Construction,
        consumers: false,
    },
    Trade {
        short: "运输服务",
        items: &["国内道路货物运输服务", "公路运费", "城市配送服务"],
        code: "3010102020100000000",
        unit: "吨",
        price: (9_000, 38_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::Freight,
        consumers: false,
    },
    Trade {
        short: "经营租赁",
        items: &["住房租赁", "住房租金"],
        code: "3040502020102000000",
        unit: "月",
        price: (220_000, 880_000),
        rate: HOUSING,
        sellers: Sellers::Persons,
        element: Element::Letting,
        consumers: false,
    },
    Trade {
        short: "经营租赁",
        items: &["商铺租赁", "办公用房租金", "仓库租赁"],
        code: "3040502029900000000",
        unit: "月",
        price: (300_000, 950_000),
        rate: THREE_PERCENT,
        sellers: Sellers::Persons,
        element: Element::Letting,
        consumers: false,
    },
    Trade {
        short: "餐饮服务",
        items: &["餐费", "团餐", "宴会餐饮", "工作餐配送"],
        code: "3070401000000000000",
        unit: "份",
        price: (2_200, 18_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::None,
        consumers: true,
    },
    Trade {
        short: "设计服务",
        items: &["工程设计服务", "施工图设计", "室内设计"],
        code: "3040301010000000000",
        unit: "项",
        price: (250_000, 1_200_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::None,
        consumers: false,
    },
    Trade {
        short: "设计服务",
        items: &["平面设计费", "包装设计", "插画设计", "网页设计"],
        code: "3040301000000000000",
        unit: "件",
        price: (30_000, 280_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::None,
        consumers: false,
    },
    Trade {
        short: "劳务",
        items: &["空调维修费", "设备维修费", "家电修理费", "车辆维修费"],
        code: "2020000000000000000",
        unit: "台",
        price: (15_000, 160_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::None,
        consumers: true,
    },
    Trade {
        short: "信息技术服务",
        items: &["软件开发服务", "小程序开发", "接口开发服务"],
        code: "3040201010000000000",
        unit: "人天",
        price: (60_000, 180_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Both,
        element: Element::None,
        consumers: false,
    },
    Trade {
        short: "信息技术服务",
        items: &["信息系统服务", "系统运维服务", "数据处理服务"],
        code: "3040203000000000000",
        unit: "月",
        price: (150_000, 900_000),
        rate: ONE_PERCENT,
        sellers: Sellers::Others,
        element: Element::None,
        consumers: false,
    },
    Trade {
        short: "谷物",
        items: &["稻谷", "优质稻谷"],
        code: "1010101010000000000",
        unit: "公斤",
        price: (260, 480),
        rate: ONE_PERCENT,
        sellers: Sellers::Persons,
        element: Element::None,
        consumers: false,
    },
];

/// Goods that a natural person cannot plausibly sell.
pub(crate) const IMPLAUSIBLE: [Trade; 3] = [
    implausible(
        "汽油",
        &["92号车用汽油"],
        "1070101010100000000",
        (780_000, 890_000),
    ),
    implausible(
        "黑色金属冶炼压延品",
        &["热轧钢板"],
        "1080207010000000000",
        (330_000, 420_000),
    ),
    implausible("煤炭", &["动力煤"], "1020101000000000000", (68_000, 92_000)),
];

const fn implausible(
    short: &'static str,
    items: &'static [&'static str],
    code: &'static str,
    price: (i64, i64),
) -> Trade {
    Trade {
        short,
        items,
        code,
        unit: "吨",
        price,
        rate: ONE_PERCENT,
        sellers: Sellers::Persons,
        element: Element::None,
        consumers: false,
    }
}
