-- One row per case: rates of missing, unseen and out of range.
select
    case_id,
    {{ cell_rate('kind', 'rows', ['missing']) }} as missing,
    {{ cell_rate('kind', 'rows', ['unseen']) }} as unseen,
    {{ cell_rate('kind', 'rows', ['below', 'above']) }} as out_of_range
from cells
group by case_id
