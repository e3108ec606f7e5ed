# writes small models of every kind of LightGBM split and objective with predictions
import lightgbm as lgb, numpy as np, pandas as pd, sys, os
out=sys.argv[1]; os.makedirs(out,exist_ok=True)
rng=np.random.RandomState(3); n=400
X=np.round(rng.randn(n,5),2); X[:,3]=rng.randint(0,12,n); X[:,4]*= (rng.rand(n)<.5)
X[rng.rand(n)<.15,0]=np.nan; X[rng.rand(n)<.1,3]=np.nan
s=np.nan_to_num(X[:,0])+X[:,1]*2+(np.nan_to_num(X[:,3])%3)-X[:,4]
T=np.round(rng.randn(60,5),2); T[:,3]=rng.randint(-2,15,60); T[:,4]*=(rng.rand(60)<.5); T[rng.rand(60)<.2,0]=np.nan; T[rng.rand(60)<.2,3]=np.nan; T[rng.rand(60)<.2,1]=np.nan; T[rng.rand(60)<.1,4]=np.nan
np.savetxt(f"{out}/rows.csv",T,delimiter=",",fmt="%.17g")
base=dict(num_leaves=6,min_data_in_leaf=5,verbose=-1,num_threads=1,min_data_per_group=5,cat_smooth=1)
def save(name,b,T=T):
    b.save_model(f"{out}/{name}.txt")
    import json
    json.dump(b.dump_model(),open(f"{out}/{name}.json","w"))
    for kind,kw in (("predict",{}),("raw",{"raw_score":True}),("leaf",{"pred_leaf":True})):
        np.savetxt(f"{out}/{name}.{kind}",np.asarray(b.predict(T,**kw)).reshape(len(T),-1),fmt="%.17g",delimiter=",")
cases={
 "regression":({"objective":"regression"},s), "sqrt":({"objective":"regression","reg_sqrt":True},s*3),
 "l1":({"objective":"regression_l1"},s),"huber":({"objective":"huber"},s),"fair":({"objective":"fair"},s),"quantile":({"objective":"quantile","alpha":.3},s),"mape":({"objective":"mape"},s+9),
 "poisson":({"objective":"poisson"},np.abs(np.round(s))),"gamma":({"objective":"gamma"},np.abs(s)+.1),"tweedie":({"objective":"tweedie"},np.abs(s)),
 "binary":({"objective":"binary","sigmoid":2.5},s>0),"zero":({"objective":"binary","zero_as_missing":True},s>0),"nomissing":({"objective":"binary","use_missing":False},s>0),
 "xentropy":({"objective":"cross_entropy"},1/(1+np.exp(-s))),"xentlambda":({"objective":"cross_entropy_lambda"},1/(1+np.exp(-s))),
 "multiclass":({"objective":"multiclass","num_class":3},np.digitize(s,[-1,1])),"ova":({"objective":"multiclassova","num_class":3,"sigmoid":1.5},np.digitize(s,[-1,1])),
 "dart":({"objective":"binary","boosting":"dart","drop_rate":.5},s>0),"rf":({"objective":"binary","boosting":"rf","bagging_freq":1,"bagging_fraction":.6},s>0),
 "rf_regression":({"objective":"regression","boosting":"rf","bagging_freq":1,"bagging_fraction":.6},s),
 "rank":({"objective":"lambdarank"},np.clip(np.round(s),0,4).astype(int)),
 "linear":({"objective":"regression","linear_tree":True},s),
}
for name,(p,y) in cases.items():
    d=lgb.Dataset(X,np.asarray(y,float),categorical_feature=[3],group=[100]*4 if name=="rank" else None,free_raw_data=False)
    save(name,lgb.train({**base,**p},d,4))
df=pd.DataFrame({"x y".replace(" ","_"):X[:,1],"colour":pd.Categorical(rng.choice(["red","green","blue"],n)),"size":pd.Categorical(rng.choice([10,20,35],n)),"w":X[:,2]})
y=df.x_y+(df.colour=="red")*2-(df["size"]==20)
b=lgb.train({**base,"objective":"regression"},lgb.Dataset(df,y),4)
t=df.head(40).copy(); t["colour"]=t.colour.astype(str); t.loc[t.index[:3],"colour"]="violet"
t.to_csv(f"{out}/pandas.csv",index=False,float_format="%.17g")
t["colour"]=pd.Categorical(t.colour)
save("pandas",b,t)
