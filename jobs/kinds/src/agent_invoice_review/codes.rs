//! Every finding that a review of an agent-issued invoice can make, in one table.
//!
//! A code is for ever: the trail, the policies and people's habits refer to it. To add a finding,
//! add a line here, raise it in a check, and add the case that raises it in `tests/it/cases.rs`;
//! the README's table is written from here. Texts name rules and fields, never what was in them.

use crate::codes::codes;

codes! {
    "AIR-"

    // Identity and check digits.
    TaxIdMissing "AIR-ID-001" Return
        "未填写纳税人识别号，请补填"
        "the tax id is missing"
    TaxIdLength "AIR-ID-002" Return
        "纳税人识别号应为15、17、18或20位，请核对"
        "a tax id has 15, 17, 18 or 20 characters"
    TaxIdCharacter "AIR-ID-003" Return
        "纳税人识别号或身份证号码含有不允许的字符，请核对"
        "the id holds a character that its form does not allow"
    CreditCodeCheck "AIR-ID-004" Return
        "统一社会信用代码校验码不符，请核对"
        "the check character of the unified social credit code does not fit"
    OrganisationCheck "AIR-ID-005" Review
        "识别号中的组织机构代码校验码不符，请人工核实登记信息"
        "the organisation code inside the id does not fit its check character"
    ResidentCheck "AIR-ID-006" Return
        "居民身份证号码校验码不符，请核对"
        "the check character of the resident identity number does not fit"
    BirthDate "AIR-ID-007" Return
        "证件号码中的出生日期不存在或晚于申请日期，请核对"
        "the birth date in the id does not exist or lies after the day of application"
    OldForm "AIR-ID-008" Note
        "纳税人识别号为旧式号码（15位或17位），无法校验"
        "the tax id is of a form from before 2015 and cannot be fully checked"
    NameMissing "AIR-ID-009" Return
        "未填写名称（姓名），请补填"
        "the name is missing"
    OrganisationWithoutTaxId "AIR-ID-010" Return
        "购买方为单位的，应当填写纳税人识别号或统一社会信用代码"
        "a buyer that is an organisation must give its tax id"
    PersonWithOrganisationId "AIR-ID-011" Return
        "申请人类型为自然人，但识别号为单位代码，请更正"
        "the applicant is a natural person, yet the tax id is that of an organisation"
    KindAndIdDisagree "AIR-ID-012" Review
        "申请人类型与识别号类型不一致，请人工核实身份"
        "the kind of applicant and the kind of tax id do not agree"
    SellerIsBuyer "AIR-ID-013" Return
        "销售方与购买方为同一纳税人，不得申请代开"
        "seller and buyer are the same taxpayer"
    IdentityNumberLength "AIR-ID-014" Return
        "居民身份证号码应为18位，请核对"
        "a resident identity number has 18 characters"

    // Attachments.
    IdentityDocumentMissing "AIR-ATT-001" Return
        "自然人申请代开应当上传身份证件"
        "a natural person must attach an identity document"
    LicenceMissing "AIR-ATT-002" Return
        "单位或个体工商户申请代开应当上传营业执照等登记证照"
        "an applicant who is no natural person must attach the licence"
    ContractNotAttached "AIR-ATT-003" Return
        "填写了合同信息但未上传合同，请补充上传"
        "a contract is named but not attached"

    // Telephone and bank.
    ApplicantPhone "AIR-CON-001" Return
        "申请方联系电话格式有误，请更正"
        "the telephone number of the seller or the agent has no known form"
    BuyerPhone "AIR-CON-002" Note
        "购买方联系电话格式不规范"
        "the telephone number of the buyer has no known form"
    PersonalAccount "AIR-CON-003" Note
        "自然人银行账号未通过校验，请留意是否录入有误"
        "the account number of the natural person does not fit the card check digit"

    // Numbers and dates.
    ApplicationNumber "AIR-NUM-001" Review
        "申请单编号格式异常，请人工核实"
        "the application number has no known form"
    ReceiptNumber "AIR-NUM-002" Return
        "完税凭证号码格式有误，请核对"
        "the number of the tax receipt has no known form"
    InvoiceNumber "AIR-NUM-003" Review
        "上游系统返回的发票号码不是20位数字，请人工核实"
        "the invoice number that the upstream reports does not have 20 digits"
    TransactionAfterApplication "AIR-NUM-004" Return
        "业务发生日期晚于申请日期，请更正"
        "the transaction lies after the day of application"

    // Lines and item codes.
    LineCount "AIR-ITEM-001" Return
        "明细行应为1至100行"
        "an application has 1 to 100 lines"
    ItemCode "AIR-ITEM-002" Return
        "税收分类编码应为19位数字且首位为1至6，请核对"
        "an item code has 19 digits and begins with 1 to 6"
    ItemName "AIR-ITEM-003" Return
        "未填写货物或应税劳务、服务名称"
        "the item name is missing"
    ItemShortName "AIR-ITEM-004" Note
        "项目名称未带税收分类简称（*简称*名称）"
        "the item name does not begin with the short name of its class"
    NotTaxedItem "AIR-ITEM-005" Review
        "不征税项目不属于代开范围，请人工核实"
        "an item that is not taxed is not usually issued by the bureau"
    MixedTrades "AIR-ITEM-006" Return
        "同一张发票不得包含需填写不同特定要素的项目，请分别申请"
        "one invoice cannot hold items that need different special elements"

    // Rates.
    RateForm "AIR-RATE-001" Return
        "征收率格式有误，请按小数填写，如0.01"
        "the levy rate is no decimal from 0 to below 1"
    RateNotAllowed "AIR-RATE-002" Return
        "征收率与该项目在业务发生日期适用的征收率不符，请更正"
        "the levy rate is not one that applies to this item on the day of the transaction"
    ReducedRateNotShown "AIR-RATE-003" Return
        "适用减按1%征收率政策的，普通发票应当按1%开具"
        "where the reduced rate applies, an ordinary invoice must show it"
    RatesUnknown "AIR-RATE-004" Review
        "业务发生日期没有对应的征收率或起征点政策记录，请人工审核"
        "no dated row holds the rates and lines of the day of the transaction"
    ZeroRateWithoutClaim "AIR-RATE-005" Return
        "未申请免税，征收率不得为零"
        "the levy rate is zero without a claim to an exemption"
    RatesUnconfirmed "AIR-RATE-006" Review
        "业务发生日期适用的征收率或起征点尚待确认，请人工审核"
        "rates or lines of the day of the transaction are still to be confirmed"

    // Special elements.
    ElementMissing "AIR-ELEM-001" Return
        "该项目应当填写特定要素信息（建筑服务、货物运输、不动产租赁或不动产销售）"
        "the item needs its special element"
    ElementMismatch "AIR-ELEM-002" Return
        "特定要素类型与项目的税收分类编码不符，请更正"
        "the special element does not belong to the item code"
    ConstructionIncomplete "AIR-ELEM-003" Return
        "建筑服务应当填写发生地和项目名称"
        "construction needs its place and the name of the project"
    CrossRegionReport "AIR-ELEM-004" Return
        "跨地（市）提供建筑服务的，应当填写跨区域涉税事项报验管理编号"
        "construction in another city needs the number of the cross-region report"
    FreightIncomplete "AIR-ELEM-005" Return
        "货物运输服务应当填写起运地、到达地、运输工具种类及牌号、货物名称"
        "freight needs from, to, kind and number of the vehicle, and the goods"
    LettingIncomplete "AIR-ELEM-006" Return
        "不动产租赁应当填写坐落地址、产权证书号（无证的注明原因）和面积单位"
        "letting needs the address, the title number or why there is none, and the unit of area"
    LettingPeriod "AIR-ELEM-007" Return
        "租赁期止早于租赁期起，请更正"
        "the period of letting ends before it begins"
    SaleIncomplete "AIR-ELEM-008" Return
        "不动产销售应当填写坐落地址、产权证书号和面积单位"
        "the sale of real estate needs the address, the title number and the unit of area"

    // Arithmetic.
    QuantityOrPriceForm "AIR-SUM-001" Return
        "数量或单价格式有误：应为正数，数量最多13位小数，单价最多10位小数"
        "quantity and unit price are positive decimals with at most 13 and 10 decimals"
    QuantityWithoutPrice "AIR-SUM-002" Return
        "数量与单价应当同时填写或同时不填"
        "quantity and unit price come together or not at all"
    NetMismatch "AIR-SUM-003" Return
        "数量乘以单价与金额相差超过0.01元"
        "quantity times unit price differs from the net amount by more than 0.01"
    TaxMismatch "AIR-SUM-004" Return
        "金额乘以征收率与税额相差超过0.01元"
        "net amount times levy rate differs from the tax by more than 0.01"
    TotalNet "AIR-SUM-005" Return
        "合计金额不等于各行金额之和"
        "the net total is not the sum of the lines"
    TotalTax "AIR-SUM-006" Return
        "合计税额不等于各行税额之和"
        "the tax total is not the sum of the lines"
    TotalGross "AIR-SUM-007" Return
        "价税合计不等于合计金额与合计税额之和"
        "the gross total is not net plus tax"
    AmountSign "AIR-SUM-008" Return
        "金额应当大于零，税额不得为负数"
        "net amounts are above zero and taxes not below it"
    CapitalsUnreadable "AIR-SUM-009" Return
        "价税合计大写无法识别，请更正"
        "the total in Chinese capitals cannot be read"
    CapitalsMismatch "AIR-SUM-010" Return
        "价税合计大写与小写不一致"
        "the total in Chinese capitals is not the total in figures"

    // Special invoices and exemptions.
    SpecialToPerson "AIR-INV-001" Return
        "购买方为自然人的，不得开具增值税专用发票"
        "a buyer who is a natural person cannot have a special invoice"
    SpecialExempt "AIR-INV-002" Return
        "适用免征增值税规定的，不得开具增值税专用发票"
        "an exempt sale cannot have a special invoice"
    ExemptOverLine "AIR-EXM-001" Return
        "销售额已达到起征点，应当全额计税，不适用免税"
        "the sale is over the threshold: all of it is taxed"
    ExemptAccumulated "AIR-EXM-002" Review
        "合并计算后的销售额已达到起征点，应当全额计税；请人工核实是否拆分业务"
        "with the seller's other sales the threshold is passed: all is taxed; was one sale split?"
    ExemptTax "AIR-EXM-003" Return
        "免税税额与按适用征收率计算的税额不符，请更正"
        "the exempt tax is not what the levy rate gives"
    ExemptOtherGround "AIR-EXM-004" Review
        "销售额已达到起征点但申请其他免税（自产农产品、分摊租金等），请人工核实"
        "over the threshold, but another ground may exempt it: own farm produce, rent spread over months"
    ExemptionForm "AIR-EXM-005" Return
        "减免性质代码应为10位数字，并应填写免税理由"
        "an exemption needs its 10-digit code and a reason"
    ExemptionUnclaimed "AIR-EXM-006" Note
        "销售额未达到起征点，可享受免税但未申请"
        "the sale is below the threshold, but no exemption is claimed"

    // Tax due and paid.
    FilingPeriodUnknown "AIR-DUE-001" Review
        "按月与按季计算的起征点结论不一致，请人工核实纳税期限"
        "the month's and the quarter's threshold disagree: the filing period decides"
    EarlierBecameTaxable "AIR-DUE-002" Review
        "当日多笔业务合并后达到起征点，此前按免税代开的部分应当补税，请人工处理"
        "with this one the day's sales pass the threshold: earlier exempt ones become taxable"
    ReceiptMissing "AIR-RCP-001" Return
        "应当缴纳税款但未填写完税凭证号码"
        "tax is due, but no tax receipt is named"
    ReceiptUnknown "AIR-RCP-002" Return
        "未查询到该完税凭证，请核对号码"
        "the tax receipt does not exist"
    ReceiptUsed "AIR-RCP-003" Review
        "该完税凭证已用于开具其他发票，请人工核实"
        "the tax receipt was already used for another invoice"
    ReceiptPayer "AIR-RCP-004" Review
        "完税凭证的缴款人与销售方不一致，请人工核实"
        "the payer on the tax receipt is not the seller"
    TaxShort "AIR-RCP-005" Return
        "已缴税款少于应缴税款，请补缴"
        "less tax was paid than is due"
    TaxOverpaid "AIR-RCP-006" Review
        "已缴税款多于应缴税款，请人工核实是否退税"
        "more tax was paid than is due"

    // Contract.
    ContractAmount "AIR-CTR-001" Return
        "价税合计超过合同金额"
        "the gross total is above the contract's amount"
    ContractPartial "AIR-CTR-002" Note
        "价税合计小于合同金额，可能为分期开具"
        "the gross total is below the contract's amount, perhaps one of several"
    ContractSeller "AIR-CTR-003" Return
        "合同销售方名称与申请的销售方不一致"
        "the contract names another seller"
    ContractBuyer "AIR-CTR-004" Return
        "合同购买方名称与申请的购买方不一致"
        "the contract names another buyer"

    // Taxpayers, as the upstream knows them.
    BuyerUnknown "AIR-TXP-001" Return
        "未查询到购买方登记信息，请核对识别号"
        "the buyer is not registered"
    BuyerAbnormal "AIR-TXP-002" Return
        "购买方为非正常户，应当先解除非正常状态再申请代开"
        "the buyer's registration is abnormal"
    BuyerDeregistered "AIR-TXP-003" Return
        "购买方已注销，不得为其开具发票"
        "the buyer is deregistered"
    BuyerName "AIR-TXP-004" Return
        "购买方名称与登记信息不一致，请更正"
        "the buyer's name is not the registered one"
    SellerUnknown "AIR-TXP-005" Return
        "未查询到销售方登记信息，请核对识别号"
        "the seller is not registered"
    SellerAbnormal "AIR-TXP-006" Review
        "销售方为非正常户，请人工核实"
        "the seller's registration is abnormal"
    SellerDeregistered "AIR-TXP-007" Review
        "销售方已注销，请人工核实"
        "the seller is deregistered"
    SellerName "AIR-TXP-008" Return
        "销售方名称与登记信息不一致，请更正"
        "the seller's name is not the registered one"
    OverGeneralLine "AIR-TXP-009" Review
        "销售方连续12个月销售额超过一般纳税人登记标准，请人工核实"
        "the seller is over the general-taxpayer line of twelve months"
    RiskyBuyer "AIR-TXP-010" Review
        "购买方为高风险或红色预警纳税人，请人工核实"
        "the buyer is of high risk or under a red warning"
    RiskySeller "AIR-TXP-011" Review
        "销售方为高风险或红色预警纳税人，请人工核实"
        "the seller is of high risk or under a red warning"
    Duplicate "AIR-REL-001" Review
        "近30日内存在销售方、购买方、项目和金额均相同的申请，疑似重复"
        "another application of the last 30 days has the same seller, buyer, item and amount"

    // Where the application stands.
    AlreadyIssued "AIR-UPS-001" Review
        "上游系统显示该申请已开具发票，请人工核实"
        "the upstream reports the invoice as issued"
    AlreadyClosed "AIR-UPS-002" Review
        "上游系统显示该申请已退回或已撤回，请人工核实"
        "the upstream reports the application as returned or withdrawn"
    UnknownUpstream "AIR-UPS-003" Review
        "上游系统查无此申请，请人工核实"
        "the upstream does not know the application"
    AccumulationInconsistent "AIR-UPS-004" Review
        "上游系统的累计数据未包含本次申请，请人工核实"
        "the upstream's accumulation does not hold this application"
}
