//! Places (GB/T 2260 codes), streets, plates.

use super::draw::Draw;

/// A district of a city.
#[derive(Debug)]
pub(crate) struct Place {
    /// Administrative code, 6 digits.
    pub(crate) code: &'static str,
    /// City as in addresses.
    pub(crate) city: &'static str,
    /// City as in company names.
    pub(crate) short: &'static str,
    /// District.
    pub(crate) district: &'static str,
    /// First characters of number plates.
    pub(crate) plate: &'static str,
}

const fn place(
    code: &'static str,
    city: &'static str,
    short: &'static str,
    district: &'static str,
    plate: &'static str,
) -> Place {
    Place {
        code,
        city,
        short,
        district,
        plate,
    }
}

/// Where people and companies of the world live.
pub(crate) const PLACES: [Place; 36] = [
    place("110105", "北京市", "北京", "朝阳区", "京A"),
    place("110108", "北京市", "北京", "海淀区", "京N"),
    place("120104", "天津市", "天津", "南开区", "津A"),
    place("130102", "石家庄市", "石家庄", "长安区", "冀A"),
    place("210102", "沈阳市", "沈阳", "和平区", "辽A"),
    place("230102", "哈尔滨市", "哈尔滨", "道里区", "黑A"),
    place("310104", "上海市", "上海", "徐汇区", "沪A"),
    place("310115", "上海市", "上海", "浦东新区", "沪D"),
    place("320102", "南京市", "南京", "玄武区", "苏A"),
    place("320505", "苏州市", "苏州", "虎丘区", "苏E"),
    place("330106", "杭州市", "杭州", "西湖区", "浙A"),
    place("330108", "杭州市", "杭州", "滨江区", "浙A"),
    place("340104", "合肥市", "合肥", "蜀山区", "皖A"),
    place("350203", "厦门市", "厦门", "思明区", "闽D"),
    place("360102", "南昌市", "南昌", "东湖区", "赣A"),
    place("370102", "济南市", "济南", "历下区", "鲁A"),
    place("370202", "青岛市", "青岛", "市南区", "鲁B"),
    place("410105", "郑州市", "郑州", "金水区", "豫A"),
    place("420106", "武汉市", "武汉", "武昌区", "鄂A"),
    place("420111", "武汉市", "武汉", "洪山区", "鄂A"),
    place("430102", "长沙市", "长沙", "芙蓉区", "湘A"),
    place("440103", "广州市", "广州", "荔湾区", "粤A"),
    place("440106", "广州市", "广州", "天河区", "粤A"),
    place("440303", "深圳市", "深圳", "罗湖区", "粤B"),
    place("440304", "深圳市", "深圳", "福田区", "粤B"),
    place("440305", "深圳市", "深圳", "南山区", "粤B"),
    place("440306", "深圳市", "深圳", "宝安区", "粤B"),
    place("440307", "深圳市", "深圳", "龙岗区", "粤B"),
    place("450103", "南宁市", "南宁", "青秀区", "桂A"),
    place("500103", "重庆市", "重庆", "渝中区", "渝A"),
    place("510104", "成都市", "成都", "锦江区", "川A"),
    place("510107", "成都市", "成都", "武侯区", "川A"),
    place("520103", "贵阳市", "贵阳", "云岩区", "贵A"),
    place("530102", "昆明市", "昆明", "五华区", "云A"),
    place("610113", "西安市", "西安", "雁塔区", "陕A"),
    place("650102", "乌鲁木齐市", "乌鲁木齐", "天山区", "新A"),
];

const STREETS: [&str; 16] = [
    "人民路",
    "中山路",
    "解放路",
    "建设路",
    "文化路",
    "科技路",
    "新华路",
    "和平路",
    "长江路",
    "滨河路",
    "学府路",
    "创业路",
    "振兴街",
    "迎宾大道",
    "环城东路",
    "工业园路",
];

/// A street address in `place`.
pub(crate) fn address(draw: &mut Draw, place: &Place, room: bool) -> String {
    let street = draw.pick(&STREETS);
    let number = draw.range(1, 399);
    let head = format!("{}{}{street}{number}号", place.city, place.district);
    if !room {
        return head;
    }
    let (house, floor, flat) = (draw.range(1, 18), draw.range(1, 28), draw.range(1, 8));
    format!("{head}{house}栋{floor:02}{flat:02}室")
}

/// A number plate of `place`; every fourth is a new-energy one with six characters.
pub(crate) fn plate(draw: &mut Draw, place: &Place) -> String {
    const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let letter = char::from(*draw.pick(LETTERS));
    let digits = draw.below(10_000);
    if draw.permille(250) {
        format!("{}D{letter}{digits:04}", place.plate)
    } else {
        format!("{}{letter}{digits:04}", place.plate)
    }
}
