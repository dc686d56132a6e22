/** Domains at which anybody may have a mailbox: an address there says nothing about the company that its owner works for. */
const DOMAINS: ReadonlySet<string> = new Set(
  `126.com 139.com 163.com 189.cn aim.com aliyun.com alice.it aol.com aon.at arcor.de att.net bellsouth.net
  bigpond.com bluewin.ch bol.com.br bt.com btinternet.com centrum.cz charter.net comcast.net cox.net daum.net duck.com
  earthlink.net email.cz email.de fastmail.com fastmail.fm foxmail.com free.fr freenet.de gmail.com gmx.at gmx.ch
  gmx.com gmx.de gmx.fr gmx.net googlemail.com hanmail.net hey.com home.nl hushmail.com icloud.com inbox.lv
  inbox.ru interia.pl juno.com kpnmail.nl laposte.net libero.it list.ru live.com mac.com mail.com mail.de
  mail.ru mailbox.org mailfence.com me.com msn.com naver.com netcologne.de netzero.net neuf.fr nifty.com o2.co.uk o2.pl
  online.de onet.pl optonline.net orange.fr outlook.com pm.me posteo.de posteo.net proton.me protonmail.ch
  protonmail.com qq.com rediffmail.com rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr
  shaw.ca sina.com skynet.be sky.com sohu.com sympatico.ca t-online.de telenet.be telia.com terra.com.br
  tiscali.it tuta.com tuta.io tutanota.com tutanota.de ukr.net uol.com.br verizon.net vip.qq.com virgilio.it
  virginmedia.com vodafone.de wanadoo.fr web.de wp.pl xs4all.nl yandex.com yandex.ru yeah.net ymail.com zoho.com ziggo.nl`
    .split(/\s+/)
    .filter(Boolean),
)
/** Providers with an ending for each country: `yahoo.co.uk`, `hotmail.fr`. */
const EVERYWHERE = /^(?:gmx|hotmail|live|outlook|yahoo|yandex)\.(?:[a-z]{2,3}|com?\.[a-z]{2})$/

export const isPublicMailDomain = (domain: string): boolean => DOMAINS.has(domain) || EVERYWHERE.test(domain)
