//! Persons and companies, each a pure function of the world's seed and its own number.

use clerkwork_connectors_api::agent_invoice::Party;

use super::{
    draw::Draw,
    identifiers::{Registered, account, credit_code, identity_number, mobile},
    places::{PLACES, Place, address},
};

/// Numbers of entities start here, by role, so that no two roles share one.
pub(crate) mod role {
    /// Sellers, natural persons or not.
    pub(crate) const SELLER: u32 = 0;
    /// Persons who act for sellers.
    pub(crate) const AGENT: u32 = 4_000_000;
    /// Buyers.
    pub(crate) const BUYER: u32 = 8_000_000;
    /// Buyers of the red-letter world who are natural persons.
    pub(crate) const RED_CONSUMER: u32 = 12_000_000;
    /// On whose behalf a bureau issued; identity numbers end before 15,984,000.
    pub(crate) const PRINCIPAL: u32 = 14_000_000;
    /// Sellers of the red-letter world.
    pub(crate) const RED_SELLER: u32 = 20_000_000;
    /// Its sellers with something the matter.
    pub(crate) const ODD_RED_SELLER: u32 = 24_000_000;
    /// Buyers of the red-letter world.
    pub(crate) const RED_BUYER: u32 = 28_000_000;
    /// Its buyers with something the matter.
    pub(crate) const ODD_RED_BUYER: u32 = 32_000_000;
    /// Taxpayers who have nothing to do with the invoice that they apply for.
    pub(crate) const STRANGER: u32 = 36_000_000;
    /// Bureaux that issue on behalf of others.
    pub(crate) const BUREAU: u32 = 40_000_000;
}

const SURNAMES: [&str; 60] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "何", "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾",
    "肖", "田", "董", "袁", "潘", "于", "蒋", "蔡", "余", "杜", "叶", "程", "苏", "魏", "吕", "丁",
    "任", "沈", "姚", "卢", "姜", "崔", "钟", "谭", "陆", "汪", "范", "欧阳",
];

const GIVEN: [&str; 72] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "霞", "平", "刚", "玲", "辉", "鹏", "华", "红", "玉", "兰", "飞", "燕", "建", "国", "文",
    "志", "海", "云", "峰", "波", "宇", "浩", "然", "子", "轩", "梓", "涵", "欣", "怡", "佳", "琪",
    "思", "雨", "晨", "曦", "博", "睿", "嘉", "懿", "俊", "豪", "晓", "梅", "春", "秀", "英", "桂",
    "凤", "德", "福", "祥", "振", "庆", "立", "新",
];

const FIRST: [&str; 40] = [
    "华", "盛", "恒", "鑫", "宏", "瑞", "泰", "嘉", "博", "锦", "腾", "启", "铭", "汇", "润", "安",
    "佳", "金", "天", "中", "新", "远", "德", "信", "诚", "创", "智", "云", "海", "龙", "江", "南",
    "东", "星", "万", "利", "百", "乐", "卓", "景",
];

const SECOND: [&str; 40] = [
    "达", "兴", "源", "通", "成", "丰", "和", "泰", "辰", "航", "诺", "维", "宇", "联", "景", "辉",
    "优", "朗", "悦", "康", "程", "邦", "美", "凯", "禾", "晟", "拓", "迅", "捷", "元", "业", "升",
    "途", "力", "科", "森", "庭", "尚", "阳", "翔",
];

const INDUSTRIES: [&str; 24] = [
    "科技",
    "信息技术",
    "网络科技",
    "教育咨询",
    "文化传媒",
    "建筑工程",
    "装饰工程",
    "物流",
    "供应链管理",
    "商贸",
    "实业",
    "餐饮管理",
    "物业服务",
    "机电设备",
    "医疗器械",
    "环保科技",
    "食品",
    "服饰",
    "电子",
    "人力资源",
    "广告",
    "房地产开发",
    "农业发展",
    "汽车服务",
];

const SHOPS: [&str; 12] = [
    "广告设计部",
    "装饰工程队",
    "货运部",
    "餐饮店",
    "维修服务部",
    "软件工作室",
    "培训中心",
    "商行",
    "建材经营部",
    "设计工作室",
    "汽修店",
    "租赁服务部",
];

const BANKS: [&str; 10] = [
    "中国工商银行",
    "中国农业银行",
    "中国银行",
    "中国建设银行",
    "交通银行",
    "招商银行",
    "中国邮政储蓄银行",
    "中信银行",
    "上海浦东发展银行",
    "平安银行",
];

/// What kind of entity a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// 自然人.
    Person,
    /// 个体工商户.
    Shop,
    /// 企业.
    Company,
}

/// A person or a company.
#[derive(Debug, Clone)]
pub(crate) struct Entity {
    pub(crate) party: Party,
    pub(crate) place: &'static Place,
}

/// A personal name.
pub(crate) fn person_name(draw: &mut Draw) -> String {
    let surname = draw.pick(&SURNAMES);
    let first = draw.pick(&GIVEN);
    if draw.permille(700) {
        format!("{surname}{first}{}", draw.pick(&GIVEN))
    } else {
        format!("{surname}{first}")
    }
}

/// The entity number `number` of the world `seed`.
pub(crate) fn entity(seed: u64, number: u32, form: Form) -> Entity {
    let index = u64::from(number);
    let mut draw = Draw::new(seed ^ 0xE171, index);
    let place = draw.pick(&PLACES);
    let (name, tax_id, person) = match form {
        Form::Person => (
            person_name(&mut draw),
            identity_number(seed, index, place.code),
            true,
        ),
        Form::Shop => {
            let trade = *draw.pick(&SHOPS);
            let name = format!(
                "{}{}{}{}{trade}",
                place.district,
                draw.pick(&FIRST),
                draw.pick(&SECOND),
                draw.pick(&GIVEN)
            );
            let code = credit_code(seed, index, place.code, Registered::IndividualBusiness);
            (name, code, false)
        }
        Form::Company => {
            let name = format!(
                "{}{}{}{}有限公司",
                place.short,
                draw.pick(&FIRST),
                draw.pick(&SECOND),
                draw.pick(&INDUSTRIES)
            );
            let code = credit_code(seed, index, place.code, Registered::Enterprise);
            (name, code, false)
        }
    };
    let bank = format!("{}{}{}支行", draw.pick(&BANKS), place.short, place.district);
    Entity {
        party: Party {
            name,
            tax_id,
            address: address(&mut draw, place, person),
            phone: mobile(seed, index),
            bank,
            account: account(&mut draw, person),
        },
        place,
    }
}

/// Name and tax id of the bureau of a district, by the place's index.
pub(crate) fn bureau(seed: u64, index: usize) -> (String, String) {
    let place = &PLACES[index % PLACES.len()];
    let name = format!("国家税务总局{}{}税务局", place.city, place.district);
    let number = u64::from(role::BUREAU) + (index % PLACES.len()) as u64;
    let tax_id = credit_code(seed, number, place.code, Registered::Authority);
    (name, tax_id)
}
