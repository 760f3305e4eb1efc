"""Words that say nothing of a matter, in the languages beside English.

In a store with three German records "der" is rare, and would count as if it told something.
"""

from __future__ import annotations

from typing import Final

from service.words import query_words, words

# The most frequent articles, pronouns, prepositions, conjunctions and auxiliaries; no negation, which may matter.
_BY_LANGUAGE: Final = {
    "de": "der die das den dem des ein eine einen einem einer eines und oder aber auch als am an auf aus bei"
    " bis durch für gegen im in ins ist sind war waren wird werden wurde wurden hat haben hatte sei mit"
    " nach über um unter vom von vor zu zum zur dass ob wenn weil wie was wer wo er sie es wir ihr sich"
    " ihre seine sein dieser diese dieses ab noch schon nur",
    "es": "el la los las lo un una unos unas y e o u de del al a ante con contra desde durante en entre hacia"
    " hasta para por según sin sobre tras que como cuando donde quien cual es son era fue fueron ser será"
    " ha han había hay está están se su sus le les me nos este esta esto estos estas ese esa eso más muy"
    " ya también pero porque si",
    "fr": "le la les l un une des du de d et ou mais donc que qui quoi dont où ce cet cette ces son sa ses leur"
    " leurs il elle ils elles on nous vous je se à au aux avec chez contre dans depuis en entre par pour"
    " sans selon sous sur vers est sont était étaient été être a ont avait sera comme si plus très aussi",
    "pt": "o a os as um uma uns umas e ou mas de do da dos das em na nas por pelo pela pelos pelas para com"
    " contra sem sob sobre entre até desde que como quando onde quem qual é são era foi foram ser será"
    " está estão há tem têm tinha se seu sua seus suas ele ela eles elas este esta isso esse essa mais"
    " muito já também ao aos à às",
    "it": "il lo la i gli le un uno una e o ma di del dello della dei degli delle a al allo alla ai agli alle"
    " da dal dalla in nel nella nei nelle con su sul sulla per tra fra che chi come quando dove è sono era"
    " stato stata essere ha hanno si suo sua questo questa più anche",
    "tr": "ve veya ya ile de da ki bu şu o bir için gibi kadar göre daha en çok mı mi mu mü ise olan olarak"
    " oldu olduğu olduğunu olduğuna ama ancak sonra önce her hem ne diye tarafından üzere karşı dair",
    "id": "yang dan atau di ke dari dengan untuk pada dalam oleh sebagai adalah ini itu akan telah sudah sedang"
    " bahwa karena jika para juga dapat bisa ada saat secara antara hingga agar serta kepada tersebut ia"
    " mereka kami kita",
    "ru": "и в во на с со к ко о об от до по за из у при для над под без через между что чтобы как когда где"
    " кто который которая которое которые это этот эта эти этом этого этой этих этим тот та то те он она"
    " оно они его её их мы вы я был была было были будет есть же ли бы а но или если уже ещё также более",
    "uk": "і й та в у на з із зі до від по за при для над під без через між що щоб як коли де хто який яка яке"
    " які це цей ця ці той та те він вона воно вони його її їх ми ви був була було були буде є же чи би а"
    " але або якщо вже ще також",
    "ar": "في من إلى على عن مع بعد قبل خلال بين حتى منذ عند ضد حول أن إن أو ثم بل لكن كما هذا هذه ذلك تلك الذي"
    " التي الذين هو هي هم كان كانت يكون قد سوف كل أي ما بأن وأن التى و",
    "fa": "در از به با برای تا بر که و یا اما این آن را است بود شد شده می خود هم نیز دیگر کرد کرده هر باید",
    "ur": "کے کی کا کو نے میں سے پر اور یا کہ ہے ہیں تھا تھی تھے ہو ہوا ہوئی ہوئے گا گی گے کر کرنے کیا کی دی"
    " دیا دیے گیا گئی گئے یہ وہ اس ان جو بھی تو ہی لیے تک ساتھ بعد ایک اپنے اپنی اپنا جس جن",
    "hi": "के की का को ने में से पर और या कि है हैं था थी थे हो हुआ हुई हुए गा गी गे कर करने किया की दी दिया"
    " दिए गया गई गए यह वह इस उस इन उन जो भी तो ही लिए तक साथ बाद एक अपने अपनी अपना जिस जिन द्वारा",
    "zh": "我们 你们 他们 这个 那个 一个 什么 怎么 可以 已经 因为 所以"
    " 但是 如果 就是 还是 或者 以及 对于 关于 今天 昨天 明天 表示",
    "ja": "です ます した して する いる ある から まで など この"
    " その これ それ という ている ており された により による として ため",
}
FUNCTION_WORDS: Final = frozenset(word for text in _BY_LANGUAGE.values() for word in words(text))


def foreign_query_words(text: str) -> list[str]:
    """As `service.words.query_words`, for a text that is not in English: without the function words of its language.

    English claims keep them: "die", "war" and "la" are function words in one language and words in another.
    """
    return [word for word in query_words(text) if word not in FUNCTION_WORDS]
